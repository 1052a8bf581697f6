package dev.spooled.refusal;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Everything a request can be refused for. `web.Problem` gives each its status and body by one exhaustive switch
/// (contract/errors.md), as later the gRPC door does, so that a new refusal does not compile until every door knows it.
public sealed interface Refusal {
    String message();

    /// The body is missing, not JSON, or not of the expected types.
    record InvalidJson(String message) implements Refusal {}

    /// A field is out of its range or form.
    record Invalid(String field, String message) implements Refusal {}

    /// The request makes no sense as a whole.
    record BadRequest(String message) implements Refusal {}

    record UnsupportedVersion(String message) implements Refusal {}

    record Unauthenticated(String message) implements Refusal {}

    /// An admin route without the admin key; `kind` is the wire's `error` word.
    record AdminOnly(String kind, String message) implements Refusal {}

    record Forbidden(String message) implements Refusal {}

    record FeatureDisabled(
            String feature, String plan, @Nullable String upgradeTo, String message) implements Refusal {
        public static FeatureDisabled of(String feature, String plan, @Nullable String upgradeTo) {
            String advice = upgradeTo == null ? "" : "; " + upgradeTo + " has them";
            return new FeatureDisabled(feature, plan, upgradeTo, feature + " are not part of plan " + plan + advice);
        }
    }

    record NotFound(String message) implements Refusal {}

    record MethodNotAllowed(List<String> allowed, String message) implements Refusal {}

    record Timeout(String message) implements Refusal {}

    /// The thing is not in a state that allows this.
    record Conflict(String message) implements Refusal {}

    /// The lease that the caller acts under is no longer the current one. `overtaken` when the job has ended since
    /// without it, or when a caller that named no lease finds the job in other hands.
    record LeaseLost(boolean overtaken, String message) implements Refusal {}

    record TooLarge(String message) implements Refusal {}

    record UnsupportedMedia(String message) implements Refusal {}

    record RateLimited(int limit, int remaining, long resetAtSeconds, int retryAfterSeconds, String message)
            implements Refusal {}

    record LimitReached(
            String resource,
            long current,
            long limit,
            String plan,
            @Nullable String upgradeTo,
            String message) implements Refusal {

        public static LimitReached of(
                String resource, long current, long limit, String plan, @Nullable String upgradeTo) {
            String advice = upgradeTo == null ? "" : "; " + upgradeTo + " allows more";
            return new LimitReached(
                    resource,
                    current,
                    limit,
                    plan,
                    upgradeTo,
                    resource + " limit reached (" + current + " of " + limit + ") on plan " + plan + advice);
        }
    }

    record NotImplemented(String message) implements Refusal {}

    /// Too much is waiting, the server is stopping, or its database is away: try again after the given seconds.
    record Unavailable(int retryAfterSeconds, String message) implements Refusal {}

    /// A fault of ours or of the database, already logged with its stack.
    record Internal(String message) implements Refusal {}

    /// Extra top-level members of the wire body, in order; empty for most.
    default Map<String, Object> extras() {
        return Map.of();
    }
}
