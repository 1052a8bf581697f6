package dev.spooled.web;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.db.DbFault;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ProblemTest {
    private static String body(Refusal refusal) {
        return new String(Problem.of(refusal).body("r-1"), StandardCharsets.UTF_8);
    }

    @Test
    void everyRefusalHasItsStatusAndCode() throws IOException {
        String contract = Files.readString(Path.of("../contract/errors.md"));
        var expected = List.of(
                status(new Refusal.InvalidJson("m"), 400, "INVALID_JSON"),
                status(new Refusal.Invalid("f", "m"), 400, "VALIDATION_ERROR"),
                status(new Refusal.BadRequest("m"), 400, "BAD_REQUEST"),
                status(new Refusal.UnsupportedVersion("m"), 400, "UNSUPPORTED_API_VERSION"),
                status(new Refusal.Unauthenticated("m"), 401, "AUTHENTICATION_FAILED"),
                status(new Refusal.AdminOnly("invalid_admin_key", "m"), 401, "UNAUTHORIZED"),
                status(new Refusal.Forbidden("m"), 403, "ACCESS_DENIED"),
                status(new Refusal.FeatureDisabled("workflows", "free", "starter", "m"), 403, "FEATURE_DISABLED"),
                status(new Refusal.NotFound("m"), 404, "NOT_FOUND"),
                status(new Refusal.MethodNotAllowed(List.of("GET"), "m"), 405, "METHOD_NOT_ALLOWED"),
                status(new Refusal.Timeout("m"), 408, "REQUEST_TIMEOUT"),
                status(new Refusal.Conflict("m"), 409, "CONFLICT"),
                status(new Refusal.LeaseLost(false, "m"), 409, "LEASE_EXPIRED"),
                status(new Refusal.TooLarge("m"), 413, "PAYLOAD_TOO_LARGE"),
                status(new Refusal.UnsupportedMedia("m"), 415, "UNSUPPORTED_MEDIA_TYPE"),
                status(new Refusal.RateLimited(10, 0, 5, 1, "m"), 429, "RATE_LIMIT_EXCEEDED"),
                status(new Refusal.LimitReached("queues", 2, 2, "free", "starter", "m"), 429, "QUOTA_EXCEEDED"),
                status(new Refusal.NotImplemented("m"), 501, "NOT_IMPLEMENTED"),
                status(new Refusal.Unavailable(2, "m"), 503, "SERVICE_UNAVAILABLE"),
                status(new Refusal.Internal("m"), 500, "INTERNAL_ERROR"));
        assertThat(expected).hasSize(Refusal.class.getPermittedSubclasses().length);
        for (Expected each : expected) {
            assertThat(Problem.of(each.refusal).status()).isEqualTo(each.status);
            assertThat(contract).contains("| " + each.status + " | `" + each.code + "` |");
            assertThat(body(each.refusal))
                    .startsWith("{\"code\":\"" + each.code + "\",\"message\":\"m\",\"error\":\"")
                    .contains("\"details\":{")
                    .endsWith("\"request_id\":\"r-1\"}");
        }
    }

    @Test
    void aWrongFieldIsToldInBothFormsClientsRead() {
        assertThat(body(new Refusal.Invalid("queue_name", "too long")))
                .contains("\"details\":{\"fields\":{\"queue_name\":[\"too long\"]},"
                        + "\"errors\":[{\"field\":\"queue_name\",\"message\":\"too long\",\"code\":\"invalid\"}]}");
    }

    @Test
    void quotaAndRateCarryTheirNumbersOnTop() {
        assertThat(body(new Refusal.LimitReached("queues", 2, 2, "free", "starter", "m")))
                .contains(
                        "\"resource\":\"queues\",\"current\":2,\"limit\":2,\"plan\":\"free\",\"upgrade_to\":\"starter\","
                                + "\"details\":{\"resource\":\"queues\",\"current\":2,\"limit\":2}");
        assertThat(body(new Refusal.RateLimited(10, 0, 1765560001, 1, "m")))
                .contains("\"retry_after_secs\":1,\"limit\":10,\"remaining\":0,\"reset_at\":1765560001,"
                        + "\"details\":{\"retry_after_seconds\":1}");
        assertThat(Problem.of(new Refusal.LimitReached("queues", 2, 2, "pro", null, "m"))
                        .retryAfterSeconds())
                .isEqualTo(1);
        assertThat(Problem.of(new Refusal.Unavailable(0, "m")).retryAfterSeconds())
                .isEqualTo(1);
    }

    @Test
    void aDatabaseThatIsAwayIsUnavailableAndABugTellsNothing() {
        var away = new DbFault("get", new SQLException("secret", "57P01"));
        var bug = new DbFault("get", new SQLException("secret", "42703"));
        assertThat(Problem.refusalOf(away, "r")).isInstanceOf(Refusal.Unavailable.class);
        assertThat(Problem.refusalOf(bug, "r")).isInstanceOf(Refusal.Internal.class);
        assertThat(Problem.refusalOf(bug, "r").message()).doesNotContain("secret");
        assertThat(Problem.refusalOf(Refused.conflict("m"), "r")).isEqualTo(new Refusal.Conflict("m"));
    }

    private record Expected(Refusal refusal, int status, String code) {}

    private static Expected status(Refusal refusal, int status, String code) {
        return new Expected(refusal, status, code);
    }
}
