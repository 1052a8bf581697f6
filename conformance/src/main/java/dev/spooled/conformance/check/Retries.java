package dev.spooled.conformance.check;

import dev.spooled.conformance.history.Found;
import dev.spooled.conformance.history.Op;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/// When a failed job is tried again, and who brings a dead one back.
final class Retries {
    private static final long MINUTE = 60_000_000;
    private static final int LONGEST = 60;

    /// A server that has only just started on a busy machine reads the database's clock late, and puts that right
    /// within a second or so.
    private static final long CLOCK = 250_000;

    private Retries() {}

    /// Without a wish of the worker: min(2^n, 60) minutes after the failure.
    static void times(Facts facts, Findings findings) {
        for (Op fail : facts.named("fail")) {
            if (fail.isOk() && fail.answer().path("will_retry").asBoolean(false)) {
                long wait = fail.asked().has("after")
                        ? fail.asked().path("after").asLong(0) * 1_000_000
                        : Math.min(
                                        1L
                                                << Math.min(
                                                        fail.asked()
                                                                .path("retry_count")
                                                                .asInt(0),
                                                        6),
                                        LONGEST)
                                * MINUTE;
                long next = fail.answer().path("next").asLong(0);
                findings.look(
                        isRepeated(facts, fail)
                                || next >= fail.sent() + wait - CLOCK && next <= fail.heard() + wait + CLOCK,
                        "the retry is at " + next + ", not " + wait + " us later: " + fail.place());
            }
        }
    }

    /// A repeated report is answered as the first, which was earlier.
    private static boolean isRepeated(Facts facts, Op fail) {
        return facts.opsOn(fail.asked("job"), "fail").stream()
                .anyMatch(op -> op.sent() < fail.sent() && op.asked("lease").equals(fail.asked("lease")));
    }

    static void bounded(Facts facts, Findings findings) {
        for (Found job : facts.jobs().values()) {
            findings.look(
                    job.number("retry_count") <= job.number("max_retries"),
                    "job " + job.id() + " has " + job.number("retry_count") + " retries of "
                            + job.number("max_retries"));
        }
    }

    /// Only a job that had failed, or whose lease had ended, comes back; a completed one never.
    static void replayOnlyDead(Facts facts, Findings findings) {
        for (Op op : facts.story().ops()) {
            if (op.isOk() && (op.is("replay") || op.is("retry"))) {
                for (String id : revived(op)) {
                    findings.look(couldBeDead(facts, id, op), "job " + id + " was not dead: " + op.place());
                }
            }
        }
    }

    private static List<String> revived(Op op) {
        return op.is("retry")
                ? List.of(op.asked("job"))
                : Facts.texts(op.answer().path("jobs"));
    }

    private static boolean couldBeDead(Facts facts, String id, Op at) {
        boolean completed = facts.opsOn(id, "complete").stream().anyMatch(op -> op.isOk() && op.heard() < at.sent());
        boolean cancelled = facts.opsOn(id, "cancel").stream().anyMatch(op -> op.isOk() && op.heard() < at.sent());
        boolean failed =
                facts.opsOn(id, "fail").stream().anyMatch(op -> op.mayHaveHappened() && op.sent() < at.heard());
        boolean ranOut = facts.deliveriesOf(id).stream().anyMatch(it -> it.until() < at.heard() + Checks.TOLERANCE);
        return !completed && !cancelled && (failed || ranOut || ranOutUnheard(facts, id, at));
    }

    /// Leased with an answer that was lost, and the lease had ended. Of a job that is gone nobody knows the queue.
    private static boolean ranOutUnheard(Facts facts, String id, Op at) {
        Found job = facts.job(id);
        String queue = job == null ? at.asked("queue") : job.text("queue_name");
        return facts.named("claim").stream()
                .filter(claim -> !claim.isOk() && claim.mayHaveHappened())
                .filter(claim -> claim.org().equals(at.org()))
                .filter(claim -> queue.isEmpty() || claim.asked("queue").equals(queue))
                .anyMatch(
                        claim -> claim.sent() + claim.asked().path("lease_secs").asLong(0) * 1_000_000
                                < at.heard() + Checks.TOLERANCE);
    }

    /// Of the jobs somebody asked to purge those are gone that were dead, and no others.
    static void purgeOnlyDead(Facts facts, Findings findings) {
        for (Op purge : facts.named("purge")) {
            if (purge.isOk()) {
                var gone = new ArrayList<String>();
                for (JsonNode id : purge.asked().path("jobs")) {
                    if (facts.job(id.asString("")) == null) {
                        gone.add(id.asString(""));
                    }
                }
                findings.look(
                        purge.answer().path("count").asInt(0)
                                <= purge.asked().path("jobs").size(),
                        "more was purged than asked for: " + purge.place());
                for (String id : gone) {
                    findings.look(couldBeDead(facts, id, purge), "job " + id + " was purged alive: " + purge.place());
                    findings.look(
                            facts.deliveriesOf(id).stream()
                                    .noneMatch(it -> it.claim().sent() > lastPurge(facts, id)),
                            "job " + id + " was delivered after it was purged: " + purge.place());
                }
            }
        }
    }

    private static long lastPurge(Facts facts, String id) {
        return facts.story()
                .named("purge")
                .filter(op -> op.mayHaveHappened() && Facts.contains(op.asked().path("jobs"), id))
                .mapToLong(Op::heard)
                .max()
                .orElse(Long.MAX_VALUE);
    }
}
