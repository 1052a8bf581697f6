package dev.spooled.grpc;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import dev.spooled.db.DbFault;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/// A refusal as gRPC has it: a status whose text can be shown to people, and inside a stream an error code. The
/// switches are exhaustive, so that a new refusal does not compile until it has its place here. Details of a
/// status carry the code again, and when to try again (`google.rpc.ErrorInfo`, `RetryInfo`).
final class Statuses {
    private static final Logger LOG = LoggerFactory.getLogger(Statuses.class);
    private static final String DOMAIN = "spooled";

    private Statuses() {}

    /// What any failure comes to. Only what nobody expected is logged.
    static Refusal refusalOf(RuntimeException failure) {
        return switch (failure) {
            case Refused refused -> refused.refusal();
            case DbFault fault
            when fault.kind() == DbFault.Kind.UNAVAILABLE || fault.kind() == DbFault.Kind.RETRY -> {
                LOG.atLevel(fault.isNews() ? Level.WARN : Level.DEBUG)
                        .log("a call was refused: {}", fault.getMessage());
                yield new Refusal.Unavailable(1, "The database cannot answer right now, try again");
            }
            default -> {
                LOG.error("a call failed", failure);
                yield new Refusal.Internal("An internal error occurred; the server's log has it");
            }
        };
    }

    static StatusRuntimeException of(RuntimeException failure) {
        return failure instanceof StatusRuntimeException known ? known : of(refusalOf(failure));
    }

    static StatusRuntimeException of(Refusal refusal) {
        var details = com.google.rpc.Status.newBuilder()
                .setCode(code(refusal).value())
                .setMessage(text(refusal))
                .addDetails(Any.pack(ErrorInfo.newBuilder()
                        .setReason(reason(refusal))
                        .setDomain(DOMAIN)
                        .build()));
        int seconds = retryAfterSeconds(refusal);
        if (seconds > 0) {
            details.addDetails(Any.pack(RetryInfo.newBuilder()
                    .setRetryDelay(Duration.newBuilder().setSeconds(seconds))
                    .build()));
        }
        return StatusProto.toStatusRuntimeException(details.build());
    }

    static Status.Code code(Refusal refusal) {
        return switch (refusal) {
            case Refusal.InvalidJson _,
                    Refusal.Invalid _,
                    Refusal.BadRequest _,
                    Refusal.UnsupportedVersion _,
                    Refusal.UnsupportedMedia _ -> Status.Code.INVALID_ARGUMENT;
            case Refusal.Unauthenticated _, Refusal.AdminOnly _ -> Status.Code.UNAUTHENTICATED;
            case Refusal.Forbidden _, Refusal.FeatureDisabled _ -> Status.Code.PERMISSION_DENIED;
            case Refusal.NotFound _ -> Status.Code.NOT_FOUND;
            case Refusal.Conflict _, Refusal.LeaseLost _ -> Status.Code.FAILED_PRECONDITION;
            case Refusal.TooLarge _, Refusal.RateLimited _, Refusal.LimitReached _ -> Status.Code.RESOURCE_EXHAUSTED;
            case Refusal.MethodNotAllowed _, Refusal.NotImplemented _ -> Status.Code.UNIMPLEMENTED;
            case Refusal.Timeout _ -> Status.Code.DEADLINE_EXCEEDED;
            case Refusal.Unavailable _ -> Status.Code.UNAVAILABLE;
            case Refusal.Internal _ -> Status.Code.INTERNAL;
        };
    }

    /// The code of an error inside a stream or a batch, of the few that clients know.
    static String word(Refusal refusal) {
        return switch (code(refusal)) {
            case FAILED_PRECONDITION -> "LEASE_EXPIRED";
            case RESOURCE_EXHAUSTED -> refusal instanceof Refusal.TooLarge ? "INVALID_ARGUMENT" : reason(refusal);
            case INVALID_ARGUMENT, UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND -> reason(refusal);
            default -> "INTERNAL";
        };
    }

    /// As `ErrorInfo` has it: tells apart what shares a status.
    private static String reason(Refusal refusal) {
        return switch (refusal) {
            case Refusal.LeaseLost _ -> "LEASE_EXPIRED";
            case Refusal.RateLimited _ -> "RATE_LIMIT_EXCEEDED";
            case Refusal.LimitReached _ -> "QUOTA_EXCEEDED";
            case Refusal.TooLarge _ -> "PAYLOAD_TOO_LARGE";
            default -> code(refusal).name();
        };
    }

    static String text(Refusal refusal) {
        return switch (refusal) {
            case Refusal.LeaseLost lost -> "Lease expired: " + lost.message();
            case Refusal.RateLimited limited -> "Rate limit exceeded: " + limited.message();
            default -> refusal.message();
        };
    }

    private static int retryAfterSeconds(Refusal refusal) {
        return switch (refusal) {
            case Refusal.RateLimited limited -> limited.retryAfterSeconds();
            case Refusal.Unavailable away -> away.retryAfterSeconds();
            default -> 0;
        };
    }
}
