package dev.spooled.owasp;

import static dev.spooled.owasp.Wire.send;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spooled.config.CannotStart;
import dev.spooled.config.ConfigReader;
import dev.spooled.config.KeptSecret;
import dev.spooled.support.TestServer;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// API8: what a server tells and allows when nobody has hardened it.
final class SecurityMisconfigurationTest {
    private static final TestServer SERVER = new TestServer();

    private static final Map<String, String> HEADERS = Map.of(
            "X-Frame-Options", "DENY",
            "X-Content-Type-Options", "nosniff",
            "Referrer-Policy", "strict-origin-when-cross-origin",
            "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");

    /// What no body of ours holds: traces, statements, names of classes and libraries, places on the machine.
    private static final List<String> INNARDS = List.of(
            "Exception",
            "\tat ",
            "dev.spooled",
            "java.",
            "org.postgresql",
            "io.helidon",
            "SELECT ",
            "select ",
            "/home/",
            "jdbc:");

    @TempDir
    private Path data;

    @AfterAll
    static void close() {
        SERVER.close();
    }

    private static void judge(String what, HttpResponse<String> answer) {
        HEADERS.forEach((name, value) -> assertThat(answer.headers().firstValue(name))
                .as(what + " " + name)
                .contains(value));
        assertThat(answer.headers().map().keySet()).as(what).doesNotContain("server", "x-powered-by");
        assertThat(answer.headers().firstValue("Access-Control-Allow-Origin"))
                .as(what)
                .isEmpty();
        assertThat(answer.headers().firstValue("Access-Control-Allow-Credentials"))
                .as(what)
                .isEmpty();
        if (!what.contains("openapi.yaml")) {
            assertThat(INNARDS).as(what + ": " + answer.body()).noneMatch(answer.body()::contains);
        }
    }

    /// Every operation, asked rightly and wrongly, from a page of somebody else's.
    @Test
    void everyAnswerIsHardened() {
        List<String> bodies = List.of("", "{\"queue_name\":[],\"name\":\"\\u0000\",\"payload\":{}}");
        for (var operation : Surface.operations()) {
            if (!operation.isLive()) {
                for (String body : operation.reads() ? List.of("") : bodies) {
                    for (String by : List.of("Bearer " + SERVER.key, "Bearer nobody", "?")) {
                        var answer = send(
                                SERVER,
                                operation.method(),
                                operation.at("x%27%22%3b--"),
                                body,
                                "Authorization",
                                by,
                                "Origin",
                                "https://evil.example");
                        judge(operation + " " + body + " by " + by, answer);
                        assertThat(answer.statusCode())
                                .as(operation + " " + body)
                                .isNotIn(500, 502, 503);
                    }
                }
            }
        }
    }

    /// Methods that no path has, and questions of browsers for pages that are not allowed.
    @Test
    void otherMethodsAndOriginsGetNothing() {
        for (var operation : Surface.operations()) {
            for (String method : List.of("TRACE", "PROPFIND", "PATCH")) {
                boolean known = Surface.operations().stream()
                        .anyMatch(it -> it.method().equals(method) && it.path().equals(operation.path()));
                if (!known) {
                    var answer = send(SERVER, method, operation.at("x"), "", "Authorization", "Bearer " + SERVER.key);
                    assertThat(answer.statusCode()).as(method + " " + operation).isIn(400, 404, 405, 501);
                    assertThat(answer.body()).doesNotContain(SERVER.key);
                }
            }
            var preflight = Wire.unjudged(SERVER.to(operation.at("x"))
                    .header("Origin", "https://evil.example")
                    .header("Access-Control-Request-Method", operation.method())
                    .method("OPTIONS", HttpRequest.BodyPublishers.noBody())
                    .build());
            assertThat(preflight.headers().firstValue("Access-Control-Allow-Origin"))
                    .as(operation.toString())
                    .isEmpty();
        }
    }

    /// Without settings: nobody is let in that was not before, secrets are made, and only their owner may read them.
    @Test
    void theDefaultsAreSafe() throws IOException {
        var config = ConfigReader.read(Map.of(), Map.of());
        assertThat(config.access().adminApiKey()).isNull();
        assertThat(config.access().registration()).hasToString("CLOSED");
        assertThat(config.login().jwtSecret()).isNull();
        assertThat(config.login().dev()).isFalse();
        assertThat(config.web().corsOrigins()).isEmpty();
        assertThat(config.web().trustedProxies()).isEmpty();
        assertThat(config.webhooks().targets().toString()).doesNotContain("127.0.0.1");
        String made = KeptSecret.of(null, data, "jwt.secret");
        assertThat(made.length()).isGreaterThanOrEqualTo(32);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data.resolve("jwt.secret"))))
                .isEqualTo("rw-------");
        assertThat(KeptSecret.of(null, data, "jwt.secret")).isEqualTo(made);
        assertThat(KeptSecret.of(null, data, "secret.key")).isNotEqualTo(made);
    }

    @Test
    void weakSecretsStopTheStart() {
        for (String name : List.of("JWT_SECRET", "SPOOLED_SECRET_KEY")) {
            for (String weak : List.of("short", "x".repeat(31))) {
                assertThatThrownBy(() -> ConfigReader.read(Map.of(), Map.of(name, weak)))
                        .as(name)
                        .isInstanceOf(CannotStart.class)
                        .hasMessageNotContaining(weak);
            }
        }
    }

    /// Health is for anybody and says no more than whether.
    @Test
    void healthTellsNoVersion() {
        for (String path : List.of("/health", "/health/live", "/health/ready")) {
            assertThat(send(SERVER, "GET", path, "").body()).doesNotContain("version", "postgres", "java");
        }
    }
}
