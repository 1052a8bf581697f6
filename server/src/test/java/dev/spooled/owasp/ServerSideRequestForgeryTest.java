package dev.spooled.owasp;

import static dev.spooled.owasp.Wire.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.Receiver;
import dev.spooled.support.Receiver.Answer;
import dev.spooled.support.TestServer;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/// API7: having the server call where the caller cannot. Which addresses are inside is told by `TargetsTest`;
/// here every way an address comes in.
final class ServerSideRequestForgeryTest {
    private static final TestServer SERVER = new TestServer();

    /// Members of bodies that hold an address. The first two are called; the others are for people's browsers.
    private static final Set<String> ADDRESSES = Set.of("url", "completion_webhook", "return_url", "logo_url");

    private static final List<String> INSIDE = List.of(
            "http://example.com/",
            "https://127.0.0.2/",
            "https://localhost/",
            "https://[::1]/",
            "https://[::ffff:169.254.169.254]/latest/meta-data/",
            "https://169.254.169.254/latest/meta-data/",
            "https://metadata.google.internal/",
            "https://10.0.0.1/",
            "https://0x7f000002/",
            "https://2130706434/",
            "https://127.2/",
            "https://user:password@example.com/",
            "https://example.com@127.0.0.2/",
            "file:///etc/passwd",
            "gopher://127.0.0.2:5432/",
            "jar:https://example.com!/x",
            "ftp://example.com/",
            "//127.0.0.2/",
            "https://127.0.0.2:5432/");

    @AfterAll
    static void close() {
        SERVER.close();
    }

    @Test
    void everyMemberThatHoldsAnAddressIsKnown() {
        assertThat(ADDRESSES)
                .containsExactlyInAnyOrderElementsOf(Surface.membersOfBodies(
                        Pattern.compile(".*ur[li]$|.*webhook$|.*callback.*|.*endpoint.*|.*host$")));
    }

    @Test
    void noAddressInsideIsTakenByAnyDoor() {
        String hook = text(
                SERVER.post(
                        "/outgoing-webhooks",
                        "{\"name\":\"h\",\"url\":\"https://b.example/hook\",\"events\":[\"job.failed\"]}"),
                "id");
        String job = "\"queue_name\":\"q\",\"payload\":{}";
        for (String url : INSIDE) {
            String member = "\"url\":\"" + url + "\"";
            String completion = "\"completion_webhook\":\"" + url + "\"";
            Map<String, String> asked = Map.of(
                    "POST /outgoing-webhooks",
                    "{\"name\":\"h\",\"events\":[\"job.failed\"]," + member + "}",
                    "PUT /outgoing-webhooks/" + hook,
                    "{" + member + "}",
                    "POST /jobs",
                    "{" + job + "," + completion + "}");
            asked.forEach((operation, body) -> {
                String[] parts = operation.split(" ");
                var answer = SERVER.call(SERVER.key, parts[0], parts[1], body);
                assertThat(answer.statusCode()).as(operation + " " + url).isEqualTo(400);
                assertThat(answer.body()).as(operation + " " + url).contains("Invalid webhook URL");
            });
        }
        assertThat(SERVER.get("/outgoing-webhooks/" + hook).body()).contains("https://b.example/hook");
    }

    /// In a bulk and in workflows each job has its own address, or none at all.
    @Test
    void norInsideALargerRequest() {
        for (String path : List.of("/jobs/bulk", "/workflows", "/schedules")) {
            boolean named = Surface.operation("POST", path).members().contains("completion_webhook");
            if (named) {
                String body =
                        "{\"queue_name\":\"q\",\"name\":\"n\",\"jobs\":[{\"key\":\"a\",\"queue_name\":\"q\",\"payload\":{},"
                                + "\"completion_webhook\":\"https://127.0.0.2/\"}]}";
                assertThat(SERVER.post(path, body).body()).as(path).contains("Invalid webhook URL");
            }
        }
    }

    /// A receiver that is permitted sends us on to one that nobody asked for.
    @Test
    void aRedirectIsNotFollowedAndWhatItAnswersIsNotTold() {
        try (var secret = new Receiver();
                var receiver = new Receiver()) {
            receiver.answers(Answer.with(307, Map.of("Location", secret.url("/inside")), "moved"));
            String hook = text(
                    SERVER.post(
                            "/outgoing-webhooks",
                            "{\"name\":\"h\",\"url\":\"" + receiver.url("/hook") + "\",\"events\":[\"job.failed\"]}"),
                    "id");
            var tested = SERVER.post("/outgoing-webhooks/" + hook + "/test", "");
            assertThat(tested.body()).contains("\"success\":false", "\"status_code\":307");
            assertThat(receiver.received()).hasSize(1);
            assertThat(secret.received()).isEmpty();
        }
    }

    /// What went wrong on the way is told in words that map no network.
    @Test
    void failuresTellNothingOfTheNetwork() {
        String hook = text(
                SERVER.post(
                        "/outgoing-webhooks",
                        "{\"name\":\"h\",\"url\":\"http://127.0.0.1:1/\",\"events\":[\"job.failed\"]}"),
                "id");
        String body = SERVER.post("/outgoing-webhooks/" + hook + "/test", "").body();
        assertThat(body).contains("\"success\":false").doesNotContain("127.0.0.1", "java.", "refused", "errno");
    }
}
