package dev.spooled.grpc;

import dev.spooled.access.Caller;
import dev.spooled.engine.Command.Leased;
import dev.spooled.jobs.Jobs;
import java.util.List;

/// Jobs of a unary call whose answer may not reach its client. A call is told once, after its work, that it was
/// cancelled before its answer left.
final class Undelivered {
    private final Jobs jobs;
    private final Caller caller;
    private List<Leased> leases = List.of();

    Undelivered(Jobs jobs, Caller caller) {
        this.jobs = jobs;
        this.caller = caller;
    }

    synchronized void note(List<Leased> taken) {
        leases = taken;
    }

    synchronized void giveBack() {
        jobs.release(caller, leases);
        leases = List.of();
    }
}
