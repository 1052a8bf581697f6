package dev.spooled.web;

import dev.spooled.db.DbFault;
import dev.spooled.json.Json;
import dev.spooled.json.JsonWriter;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/// A refusal as the wire has it: status, code, kind and the one body all errors share (contract/errors.md). The switch
/// is exhaustive, so that a new refusal does not compile until it has its place here.
public record Problem(
        int status,
        String code,
        String kind,
        String message,
        Map<String, Object> details,
        Map<String, Object> extras,
        @Nullable Integer retryAfterSeconds) {
    private static final Logger LOG = LoggerFactory.getLogger(Problem.class);

    static Problem of(Refusal refusal) {
        return switch (refusal) {
            case Refusal.InvalidJson r -> plain(400, "INVALID_JSON", "invalid_json", r);
            case Refusal.Invalid r -> invalid(r);
            case Refusal.BadRequest r -> plain(400, "BAD_REQUEST", "bad_request", r);
            case Refusal.UnsupportedVersion r -> plain(400, "UNSUPPORTED_API_VERSION", "unsupported_api_version", r);
            case Refusal.Unauthenticated r -> plain(401, "AUTHENTICATION_FAILED", "unauthorized", r);
            case Refusal.AdminOnly r -> plain(401, "UNAUTHORIZED", r.kind(), r);
            case Refusal.Forbidden r -> plain(403, "ACCESS_DENIED", "access_denied", r);
            case Refusal.FeatureDisabled r -> featureDisabled(r);
            case Refusal.NotFound r -> plain(404, "NOT_FOUND", "not_found", r);
            case Refusal.MethodNotAllowed r -> plain(405, "METHOD_NOT_ALLOWED", "method_not_allowed", r);
            case Refusal.Timeout r -> plain(408, "REQUEST_TIMEOUT", "request_timeout", r);
            case Refusal.Conflict r -> plain(409, "CONFLICT", "conflict", r);
            case Refusal.LeaseLost r -> plain(409, "LEASE_EXPIRED", "lease_expired", r);
            case Refusal.TooLarge r -> plain(413, "PAYLOAD_TOO_LARGE", "payload_too_large", r);
            case Refusal.UnsupportedMedia r -> plain(415, "UNSUPPORTED_MEDIA_TYPE", "unsupported_media_type", r);
            case Refusal.RateLimited r -> rateLimited(r);
            case Refusal.LimitReached r -> limitReached(r);
            case Refusal.NotImplemented r -> plain(501, "NOT_IMPLEMENTED", "not_implemented", r);
            case Refusal.Unavailable r ->
                plain(503, "SERVICE_UNAVAILABLE", "service_unavailable", r).retryingAfter(r.retryAfterSeconds());
            case Refusal.Internal r -> plain(500, "INTERNAL_ERROR", "internal_error", r);
        };
    }

    /// What any failure comes to. Only what nobody expected is logged, once, with its stack.
    static Refusal refusalOf(RuntimeException failure, String requestId) {
        return switch (failure) {
            case Refused refused -> refused.refusal();
            case DbFault fault
            when fault.kind() == DbFault.Kind.UNAVAILABLE || fault.kind() == DbFault.Kind.RETRY -> {
                LOG.atLevel(fault.isNews() ? Level.WARN : Level.DEBUG)
                        .log("request {}: {}", requestId, fault.getMessage());
                yield new Refusal.Unavailable(1, "The database cannot answer right now, try again");
            }
            default -> {
                LOG.error("request {} failed", requestId, failure);
                yield new Refusal.Internal("An internal error occurred; the log has it under this request id");
            }
        };
    }

    byte[] body(String requestId) {
        return Json.write(to -> {
            to.text("code", code).text("message", message).text("error", kind);
            extras.forEach(to::any);
            to.object("details", this::writeDetails).text("request_id", requestId);
        });
    }

    private void writeDetails(JsonWriter to) {
        details.forEach((name, value) -> {
            if (value instanceof FieldErrors errors) {
                errors.write(to);
            } else {
                to.any(name, value);
            }
        });
    }

    /// What was wrong with which field, in the two forms clients read.
    private record FieldErrors(String field, String message) {
        void write(JsonWriter to) {
            to.object("fields", fields -> fields.texts(field, List.of(message)));
            to.array(
                    "errors",
                    List.of(this),
                    (error, it) -> error.text("field", it.field)
                            .text("message", it.message)
                            .text("code", "invalid"));
        }
    }

    private static Problem plain(int status, String code, String kind, Refusal refusal) {
        return new Problem(status, code, kind, refusal.message(), Map.of(), refusal.extras(), null);
    }

    private static Problem invalid(Refusal.Invalid r) {
        Map<String, Object> details = Map.of("errors", new FieldErrors(r.field(), r.message()));
        return new Problem(400, "VALIDATION_ERROR", "validation_error", r.message(), details, r.extras(), null);
    }

    private static Problem featureDisabled(Refusal.FeatureDisabled r) {
        var extras =
                new Members().and("feature", r.feature()).and("plan", r.plan()).and("upgrade_to", r.upgradeTo());
        return new Problem(403, "FEATURE_DISABLED", "feature_disabled", r.message(), Map.of(), extras.map(), null);
    }

    private static Problem rateLimited(Refusal.RateLimited r) {
        var extras = new Members()
                .and("retry_after_secs", r.retryAfterSeconds())
                .and("limit", r.limit())
                .and("remaining", r.remaining())
                .and("reset_at", r.resetAtSeconds());
        Map<String, Object> details = Map.of("retry_after_seconds", r.retryAfterSeconds());
        return new Problem(
                429,
                "RATE_LIMIT_EXCEEDED",
                "rate_limit_exceeded",
                r.message(),
                details,
                extras.map(),
                r.retryAfterSeconds());
    }

    private static Problem limitReached(Refusal.LimitReached r) {
        var details = new Members()
                .and("resource", r.resource())
                .and("current", r.current())
                .and("limit", r.limit());
        var extras = new Members()
                .and("resource", r.resource())
                .and("current", r.current())
                .and("limit", r.limit())
                .and("plan", r.plan())
                .and("upgrade_to", r.upgradeTo());
        return new Problem(429, "QUOTA_EXCEEDED", "limit_exceeded", r.message(), details.map(), extras.map(), 1);
    }

    private Problem retryingAfter(int seconds) {
        return new Problem(status, code, kind, message, details, extras, Math.max(1, seconds));
    }

    /// Members in the order they are added; one without a value is left out.
    private static final class Members {
        private final Map<String, Object> map = new java.util.LinkedHashMap<>();

        Members and(String name, @Nullable Object value) {
            if (value != null) {
                map.put(name, value);
            }
            return this;
        }

        Map<String, Object> map() {
            return map;
        }
    }
}
