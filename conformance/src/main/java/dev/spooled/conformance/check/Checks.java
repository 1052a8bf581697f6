package dev.spooled.conformance.check;

import dev.spooled.conformance.history.Story;
import java.util.List;

/// All checks, by the promise they hold a server to. Each accepts whatever an honest server may do: an operation of
/// unknown outcome has happened once, or not at all, at any time after it was sent.
public final class Checks {
    /// Clocks of one machine are read by several processes.
    static final long TOLERANCE = 50_000;

    static final List<Check> ALL = List.of(
            new Check("acknowledged_kept", "P1", Jobs::acknowledged),
            new Check("everything_ends", "P2", Jobs::ended),
            new Check("delivered_after_lease", "P3", Leases::deliveredAfterLease),
            new Check("none_after_completion", "P3", Leases::noneAfterCompletion),
            new Check("stale_refused", "P4", Leases::staleRefused),
            new Check("forged_refused", "P4", Leases::forgedRefused),
            new Check("spent_refused", "P4", Leases::spentRefused),
            new Check("completion_final", "P5", Leases::completionFinal),
            new Check("one_job_per_key", "P6", Keys::oneJob),
            new Check("one_creation_per_key", "P6", Keys::oneCreation),
            new Check("all_or_nothing", "P7", Jobs::allOrNothing),
            new Check("counters_recount", "P7", Counters::recount),
            new Check("attempts_recount", "P7", Counters::attempts),
            new Check("occurrences_once", "P8", Schedules::once),
            new Check("occurrences_complete", "P8", Schedules::complete),
            new Check("steps_after_parents", "P9", Workflows::afterParents),
            new Check("workflow_counts", "P9", Workflows::counts),
            new Check("workflow_ends", "P9", Workflows::ends),
            new Check("order_of_line", "P10", Order::line),
            new Check("none_early", "P10", Order::noneEarly),
            new Check("none_from_paused", "P10", Order::noneFromPaused),
            new Check("none_after_cancel", "P10", Order::noneAfterCancel),
            new Check("retry_times", "P11", Retries::times),
            new Check("retries_bounded", "P11", Retries::bounded),
            new Check("replay_only_dead", "P12", Retries::replayOnlyDead),
            new Check("purge_only_dead", "P12", Retries::purgeOnlyDead),
            new Check("tenants_apart", "P13", Tenants::apart),
            new Check("foreign_as_unknown", "P13", Tenants::foreignAsUnknown),
            new Check("revoked_within_5s", "P14", Tenants::revoked),
            new Check("no_fault_answered", "P15", Answers::noFault),
            new Check("junk_refused", "P15", Answers::junkRefused),
            new Check("round_trip", "P15", Jobs::roundTrip),
            new Check("woken_within_5s", "P17", Answers::woken));

    private Checks() {}

    public static List<Verdict> judge(Story story) {
        var facts = new Facts(story);
        return ALL.stream().map(check -> check.ask(facts)).toList();
    }
}
