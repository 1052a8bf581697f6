package dev.spooled.owasp;

import static dev.spooled.owasp.Wire.send;
import static dev.spooled.owasp.Wire.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.mail.SmtpPostbox;
import dev.spooled.orgs.Registration;
import dev.spooled.support.SmtpSink;
import dev.spooled.support.TestServer;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/// API6: flows that cost others something when a program runs them: organizations, codes by e-mail, keys, and the
/// questions that lead there.
final class UnrestrictedAccessToSensitiveBusinessFlowsTest {
    private static final SmtpSink MAIL = new SmtpSink();
    private static final TestServer SERVER =
            TestServer.behindProxy(Registration.OPEN, new SmtpPostbox(MAIL.address(), "jobs@example.com"));

    @AfterAll
    static void close() {
        SERVER.close();
        MAIL.close();
    }

    private static HttpResponse<String> from(String address, String path, String body) {
        return send(SERVER, "POST", "/api/v1" + path, body, "X-Forwarded-For", address);
    }

    private static HttpResponse<String> register(String address, int n) {
        return from(address, "/organizations", "{\"name\":\"Flood\",\"slug\":\"flood-" + n + "\"}");
    }

    /// One network makes no more than twenty an hour, side by side or not; others are not held up by it.
    @Test
    void registrationIsThrottledByNetwork() throws Exception {
        var calls = new ArrayList<Callable<Integer>>();
        for (int i = 0; i < 40; i++) {
            int n = i;
            // The addresses of one IPv6 network count as one.
            String address = "2001:db8:1:2::" + Integer.toHexString(n + 1);
            calls.add(() -> register(address, n).statusCode());
        }
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Integer> statuses =
                    threads.invokeAll(calls).stream().map(Future::resultNow).toList();
            assertThat(statuses.stream().filter(status -> status == 201)).hasSize(20);
            assertThat(statuses.stream().filter(status -> status == 429)).hasSize(20);
        }
        assertThat(register("203.0.113.77", 100).statusCode()).isEqualTo(201);
        var operator = send(
                SERVER,
                "POST",
                "/api/v1/organizations",
                "{\"name\":\"Operator\",\"slug\":\"by-the-operator\"}",
                "X-Forwarded-For",
                "2001:db8:1:2::1",
                "X-Admin-Key",
                TestServer.ADMIN_KEY);
        assertThat(operator.statusCode()).isEqualTo(201);
        var refused = register("2001:db8:1:2::ffff", 101);
        assertThat(refused.headers()
                        .firstValue("Retry-After")
                        .map(Integer::parseInt)
                        .orElse(0))
                .isBetween(1, 3_600);
        SERVER.clock.advance(Duration.ofHours(1));
        assertThat(register("2001:db8:1:2::1", 102).statusCode()).isEqualTo(201);
    }

    /// Slugs would tell who is a customer.
    @Test
    void slugsAreNotListedByAsking() {
        int asked = 0;
        while (asked < 1_000
                && send(
                                        SERVER,
                                        "GET",
                                        "/api/v1/organizations/check-slug?slug=name-" + asked,
                                        "",
                                        "X-Forwarded-For",
                                        "203.0.113.9")
                                .statusCode()
                        == 200) {
            asked++;
        }
        assertThat(asked).isBetween(1, 300);
        var byPath =
                send(SERVER, "GET", "/api/v1/organizations/check-slug/other", "", "X-Forwarded-For", "203.0.113.9");
        var made = from("203.0.113.9", "/organizations/generate-slug", "{\"name\":\"Other\"}");
        assertThat(List.of(byPath.statusCode(), made.statusCode())).containsOnly(429);
    }

    /// A mailbox is not flooded from many networks, nor many mailboxes from one.
    @Test
    void codesByEmailAreFew() throws Exception {
        int sent = 0;
        for (int i = 0; i < 12; i++) {
            sent += from("203.0.113." + (100 + i), "/auth/email/start", "{\"email\":\"flooded@example.com\"}")
                                    .statusCode()
                            == 200
                    ? 1
                    : 0;
        }
        assertThat(sent).isEqualTo(5);
        int others = 0;
        for (int i = 0; i < 40; i++) {
            others += from("203.0.113.200", "/auth/email/start", "{\"email\":\"m" + i + "@example.com\"}")
                                    .statusCode()
                            == 200
                    ? 1
                    : 0;
        }
        assertThat(others).isEqualTo(30);
        for (int i = 0; i < sent; i++) {
            assertThat(MAIL.next(10)).isNotNull();
        }
    }

    /// A code makes one organization, however many try at once.
    @Test
    void aSignUpIsForOne() throws Exception {
        String email = "{\"email\":\"one@example.com\"";
        from("198.51.100.4", "/auth/email/start", email + "}");
        String letter;
        do {
            letter = MAIL.next(10);
        } while (letter != null && !letter.contains("To: one@example.com"));
        var code = Pattern.compile("code is ([0-9]{6})").matcher(String.valueOf(letter));
        assertThat(code.find()).isTrue();
        String token = text(
                from("198.51.100.4", "/auth/email/verify", email + ",\"code\":\"" + code.group(1) + "\"}"),
                "signup_token");
        var calls = new ArrayList<Callable<Integer>>();
        for (int i = 0; i < 8; i++) {
            String body = "{\"signup_token\":\"" + token + "\",\"name\":\"One Org\",\"slug\":\"one-" + (char) ('a' + i)
                    + "\"}";
            calls.add(() -> from("198.51.100.4", "/auth/signup/complete", body).statusCode());
        }
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            assertThat(threads.invokeAll(calls).stream().map(Future::resultNow)).containsOnlyOnce(201);
        }
    }

    /// Minted keys are counted by the plan, written down, and do not live on without the one that made them wide.
    @Test
    void keysAreMintedWithinThePlanAndWrittenDown() throws Exception {
        try (var server = TestServer.withPlans()) {
            String key = server.organizationOf(
                            "free", "{\"rate_limit_requests_per_second\":1000,\"rate_limit_burst\":1000}")
                    .key()
                    .key();
            var calls = new ArrayList<Callable<Integer>>();
            for (int i = 0; i < 20; i++) {
                calls.add(() ->
                        server.post(key, "/api-keys", "{\"name\":\"more\"}").statusCode());
            }
            try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
                assertThat(threads.invokeAll(calls).stream().map(Future::resultNow))
                        .containsOnlyOnce(201);
            }
            String audit = server.get(key, "/audit?limit=100").body();
            assertThat(audit.split("POST /api/v1/api-keys", -1)).hasSize(21);
            assertThat(audit)
                    .contains("\"result\":\"success\"", "\"result\":\"refused\"")
                    .doesNotContain(key);
        }
    }
}
