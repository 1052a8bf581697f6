package dev.spooled.conformance.check;

import dev.spooled.conformance.history.Found;
import dev.spooled.conformance.history.Op;
import java.util.List;

/// What servers count and list against what there is.
final class Counters {
    private static final List<String> STATUSES =
            List.of("pending", "scheduled", "processing", "completed", "failed", "deadletter", "cancelled");

    private Counters() {}

    /// The counters of an organization and of each queue, when all is quiet, against its jobs one by one.
    static void recount(Facts facts, Findings findings) {
        for (Found stats : facts.found("stats")) {
            List<Found> jobs = facts.jobs().values().stream()
                    .filter(job -> job.org().equals(stats.org()))
                    .toList();
            for (String status : STATUSES) {
                same(findings, stats, status, count(jobs, status));
            }
            same(findings, stats, "total", jobs.size());
        }
        for (Found stats : facts.found("queue")) {
            List<Found> jobs = facts.jobs().values().stream()
                    .filter(job -> job.org().equals(stats.org())
                            && job.text("queue_name").equals(stats.id()))
                    .toList();
            same(findings, stats, "pending", count(jobs, "pending"));
            same(findings, stats, "completed", count(jobs, "completed"));
            same(findings, stats, "failed", count(jobs, "deadletter"));
            same(findings, stats, "cancelled", count(jobs, "cancelled"));
            same(findings, stats, "total", jobs.size());
        }
    }

    private static long count(List<Found> jobs, String status) {
        return jobs.stream().filter(job -> job.text("status").equals(status)).count();
    }

    private static void same(Findings findings, Found stats, String member, long counted) {
        long said = stats.number(member);
        findings.look(
                said == counted,
                stats.kind() + " " + stats.id() + " of " + stats.org() + " says " + said + " " + member + ", there are "
                        + counted);
    }

    /// Reported failures are in the history of the job, each once.
    static void attempts(Facts facts, Findings findings) {
        for (Found history : facts.found("attempts")) {
            long failed = 0;
            for (var attempt : history.state().path("items")) {
                failed += attempt.path("outcome").asString("").equals("failed") ? 1 : 0;
            }
            List<Op> fails = facts.opsOn(history.id(), "fail");
            long sure = leases(fails.stream().filter(Op::isOk).toList());
            long perhaps = leases(fails.stream().filter(Op::mayHaveHappened).toList());
            findings.look(
                    failed >= sure && failed <= perhaps,
                    "job " + history.id() + " lists " + failed + " failures, there were " + sure + " to " + perhaps);
        }
    }

    private static long leases(List<Op> ops) {
        return ops.stream().map(op -> op.asked("lease")).distinct().count();
    }
}
