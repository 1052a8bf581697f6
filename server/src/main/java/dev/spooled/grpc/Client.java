package dev.spooled.grpc;

import dev.spooled.access.Caller;
import dev.spooled.refusal.Refused;
import io.grpc.Context;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Who a call comes from: the credential it presented, looked at again while a stream goes on, and how many jobs it
/// wants in its hands at most (null: no bound).
record Client(
        Admission admission, String presented, @Nullable Integer maxInFlight) {
    static final Context.Key<Client> KEY = Context.key("spooled-client");
    private static final Context.Key<Caller> CALLER = Context.key("spooled-caller");
    private static final Logger LOG = LoggerFactory.getLogger(Client.class);

    /// Of the call this thread works on.
    static Client current() {
        return KEY.get();
    }

    /// The caller that the call came in as.
    static Caller currentCaller() {
        return CALLER.get();
    }

    Context in(Context context, Caller caller) {
        return context.withValues(KEY, this, CALLER, caller);
    }

    /// The caller as things are now: a revoked key is refused, a changed one has its new queues.
    Caller caller() {
        return admission.caller(presented);
    }

    /// Takes one request from the caller's bucket. A limiter that fails itself lets the call pass.
    void charge(Caller caller) {
        try {
            admission.charge(caller);
        } catch (Refused refused) {
            throw refused;
        } catch (RuntimeException e) {
            LOG.warn("a call passes unlimited, the rate could not be told", e);
        }
    }
}
