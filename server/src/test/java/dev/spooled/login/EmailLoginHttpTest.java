package dev.spooled.login;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.mail.SmtpPostbox;
import dev.spooled.orgs.Registration;
import dev.spooled.support.SmtpSink;
import dev.spooled.support.TestServer;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Signing in by e-mail, with letters that go through a mail server of the test's own.
final class EmailLoginHttpTest {
    private final SmtpSink mail = new SmtpSink();
    private final TestServer server =
            TestServer.behindProxy(Registration.OPEN, new SmtpPostbox(mail.address(), "jobs@example.com"));
    private String origin = "198.51.100.1";

    @AfterEach
    void close() {
        server.close();
        mail.close();
    }

    private HttpResponse<String> post(String path, String json) {
        return server.send(server.to("/api/v1/auth" + path)
                .header("X-Forwarded-For", origin)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(json)));
    }

    private static String text(String json, String name) {
        Matcher found = Pattern.compile("\"" + name + "\":\"([^\"]*)\"").matcher(json);
        assertThat(found.find()).as(name + " in " + json).isTrue();
        return found.group(1);
    }

    private String code(String email) throws InterruptedException {
        assertThat(post("/email/start", "{\"email\":\"" + email + "\"}").statusCode())
                .isEqualTo(200);
        String letter = mail.next(10);
        assertThat(letter).contains("To: " + email.toLowerCase(java.util.Locale.ROOT), "From: jobs@example.com");
        Matcher code = Pattern.compile("code is ([0-9]{6})").matcher(letter);
        assertThat(code.find()).as(letter).isTrue();
        return code.group(1);
    }

    private HttpResponse<String> verify(String email, String code) {
        return post("/email/verify", "{\"email\":\"" + email + "\",\"code\":\"" + code + "\"}");
    }

    @Test
    void aNewcomerSignsUpAndSignsInAgain() throws Exception {
        String verified = verify("new@example.com", code("New@Example.com")).body();
        assertThat(verified).contains("\"type\":\"signup\"", "\"email\":\"new@example.com\"", "\"expires_in\":1800");
        String token = text(verified, "signup_token");
        String complete = "{\"signup_token\":\"" + token + "\",\"name\":\"New Org\",\"slug\":\"new-org\"}";
        assertThat(server.get(token, "/auth/me").statusCode()).isEqualTo(401);
        HttpResponse<String> made = post("/signup/complete", complete);
        assertThat(made.statusCode()).isEqualTo(201);
        assertThat(made.body()).contains("\"slug\":\"new-org\"", "\"api_key\":\"sk_live_");
        assertThat(post("/signup/complete", complete.replace("new-org", "new-org-2"))
                        .statusCode())
                .isEqualTo(401);
        String access = text(made.body(), "access_token");
        assertThat(server.post(access, "/jobs", "{\"queue_name\":\"a\",\"payload\":{}}")
                        .statusCode())
                .isEqualTo(201);
        String again = verify("new@example.com", code("new@example.com")).body();
        assertThat(again).contains("\"type\":\"login\"", "\"role\":\"owner\"", "\"user_id\":\"");
        assertThat(server.get(text(again, "access_token"), "/api-keys").statusCode())
                .isEqualTo(200);
        assertThat(post("/refresh", "{\"refresh_token\":\"" + text(again, "refresh_token") + "\"}")
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    void anInvitedMemberActsByItsRoleUntilItIsRemoved() throws Exception {
        String path = "/organizations/" + server.organization + "/members";
        server.post(path, "{\"email\":\"member@example.com\",\"role\":\"member\"}");
        String signedIn =
                verify("member@example.com", code("member@example.com")).body();
        assertThat(signedIn).contains("\"type\":\"login\"", "\"role\":\"member\"");
        String access = text(signedIn, "access_token");
        assertThat(server.post(access, "/jobs", "{\"queue_name\":\"a\",\"payload\":{}}")
                        .statusCode())
                .isEqualTo(201);
        assertThat(server.post(access, "/api-keys", "{\"name\":\"n\"}").statusCode())
                .isEqualTo(403);
        assertThat(server.get(access, "/auth/me").body()).contains("\"role\":\"member\"");
        assertThat(server.delete(path + "/" + text(signedIn, "user_id")).statusCode())
                .isEqualTo(204);
        assertThat(server.get(access, "/auth/me").statusCode()).isEqualTo(401);
        assertThat(post("/refresh", "{\"refresh_token\":\"" + text(signedIn, "refresh_token") + "\"}")
                        .statusCode())
                .isEqualTo(401);
    }

    @Test
    void aCodeWorksOnceAndOnlyForItsAddress() throws Exception {
        String code = code("once@example.com");
        assertThat(verify("other@example.com", code).statusCode()).isEqualTo(401);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Callable<Integer> use = () -> verify("once@example.com", code).statusCode();
            var answers = threads.invokeAll(java.util.Collections.nCopies(4, use)).stream()
                    .map(java.util.concurrent.Future::resultNow)
                    .toList();
            assertThat(answers).containsOnlyOnce(200).contains(401);
        }
        String late = code("once@example.com");
        server.clock.advance(Duration.ofMinutes(10));
        assertThat(verify("once@example.com", late).statusCode()).isEqualTo(401);
    }

    @Test
    void guessesAndCodesAreBounded() throws Exception {
        String code = code("victim@example.com");
        String wrong = code.equals("000000") ? "000001" : "000000";
        for (int i = 0; i < 5; i++) {
            origin = "198.51.100." + (2 + i / 3);
            assertThat(verify("victim@example.com", wrong).statusCode()).isEqualTo(401);
        }
        assertThat(verify("victim@example.com", code).statusCode()).isEqualTo(429);
        for (int i = 0; i < 4; i++) {
            origin = "198.51.100." + (2 + i / 3);
            code("victim@example.com");
        }
        HttpResponse<String> sixth = post("/email/start", "{\"email\":\"victim@example.com\"}");
        assertThat(sixth.statusCode()).isEqualTo(429);
        assertThat(sixth.headers().firstValue("Retry-After")).isPresent();
        server.clock.advance(Duration.ofHours(1));
        assertThat(verify("victim@example.com", code("victim@example.com")).statusCode())
                .isEqualTo(200);
    }

    /// One network uses up its own share, never that of the one whose address it is.
    @Test
    void nobodyCanLockSomebodyElseOut() throws Exception {
        String mine = code("victim@example.com");
        String wrong = mine.equals("000000") ? "000001" : "000000";
        origin = "203.0.113.66";
        for (int i = 0; i < 6; i++) {
            assertThat(verify("Victim@example.com", wrong).statusCode()).isEqualTo(i < 3 ? 401 : 429);
        }
        assertThat(verify("victim@example.com", mine).statusCode()).isEqualTo(429);
        origin = "198.51.100.1";
        assertThat(verify("victim@example.com", mine).body()).contains("\"type\":\"signup\"");
        origin = "203.0.113.66";
        for (int i = 0; i < 6; i++) {
            assertThat(post("/email/start", "{\"email\":\"victim@example.com\"}")
                            .statusCode())
                    .isEqualTo(i < 3 ? 200 : 429);
        }
        mail.next(10);
        mail.next(10);
        mail.next(10);
        origin = "198.51.100.1";
        assertThat(verify("victim@example.com", code("victim@example.com")).statusCode())
                .isEqualTo(200);
    }

    @Test
    void nobodyLearnsWhoIsKnown() throws Exception {
        String verified = verify("known@example.com", code("known@example.com")).body();
        post(
                "/signup/complete",
                "{\"signup_token\":\"" + text(verified, "signup_token")
                        + "\",\"name\":\"Known Org\",\"slug\":\"known-org\"}");
        String known = post("/email/start", "{\"email\":\"known@example.com\"}").body();
        String unknown =
                post("/email/start", "{\"email\":\"knowx@example.com\"}").body();
        assertThat(unknown).isEqualTo(known).contains("\"email_to\":\"k***@example.com\"", "\"expires_in\":600");
        for (String email : new String[] {"known@example.com", "knowx@example.com"}) {
            var byQuery = server.send(server.to("/api/v1/auth/check-email?email=" + email));
            var same = server.send(server.to("/api/v1/auth/email/check?email=" + email));
            var byBody = post("/email/check", "{\"email\":\"" + email + "\"}");
            assertThat(byQuery.body())
                    .isEqualTo("{\"exists\":false,\"available\":true,\"has_organizations\":false}")
                    .isEqualTo(same.body())
                    .isEqualTo(byBody.body());
        }
    }

    @Test
    void badAddressesAreRefused() {
        for (String email : new String[] {"", "x", "a@b", "a b@c.de", "a@b.de\\r\\nBcc: x@y.zz", "a@b.c"}) {
            assertThat(post("/email/start", "{\"email\":\"" + email + "\"}").statusCode())
                    .as(email)
                    .isEqualTo(400);
        }
        assertThat(post("/email/start", "{}").statusCode()).isEqualTo(400);
        assertThat(verify("a@example.com", "").statusCode()).isEqualTo(401);
    }

    /// Where registration is closed an unknown address gets no letter, though the answer is the same.
    @Test
    void closedRegistrationAndNoMail() throws Exception {
        try (var closed = new TestServer(Registration.CLOSED, new SmtpPostbox(mail.address(), "jobs@example.com"));
                var silent = new TestServer()) {
            String start = "{\"email\":\"nobody@example.com\"}";
            var answer = closed.send(closed.to("/api/v1/auth/email/start").POST(BodyPublishers.ofString(start)));
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(mail.next(1)).isNull();
            for (String path : new String[] {"email/start", "email/verify"}) {
                var off = silent.send(silent.to("/api/v1/auth/" + path)
                        .POST(BodyPublishers.ofString("{\"email\":\"a@example.com\",\"code\":\"1\"}")));
                assertThat(off.statusCode()).isEqualTo(501);
            }
        }
    }
}
