package dev.spooled.conformance.check;

import dev.spooled.conformance.history.Op;
import tools.jackson.databind.JsonNode;

/// How requests are answered, and how soon.
final class Answers {
    private static final long WOKEN_WITHIN = 5_000_000;

    private Answers() {}

    /// No 5xx but 503, which says when to come again.
    static void noFault(Facts facts, Findings findings) {
        for (Op op : facts.story().ops()) {
            if (op.status() > 0) {
                boolean comeAgain = op.status() == 503 && op.answer().has("retry_after");
                findings.look(op.status() < 500 || comeAgain, "answered " + op.status() + ": " + op.place());
            }
        }
    }

    static void junkRefused(Facts facts, Findings findings) {
        for (Op op : facts.named("junk")) {
            if (op.status() > 0 && op.status() < 500) {
                findings.look(
                        op.status() >= 400,
                        "junk (" + op.asked("what") + ") was answered " + op.status() + ": " + op.place());
            }
        }
    }

    /// A waiting claim gets a job that another node took in, whatever became of Redis; nodes that were not there, or
    /// only just came, have an excuse.
    static void woken(Facts facts, Findings findings) {
        for (Op wake : facts.named("wake")) {
            if (wake.isOk() && !isExcused(facts, wake) && !isTakenByAnother(facts, wake)) {
                findings.look(
                        wake.heard() - wake.sent() <= WOKEN_WITHIN,
                        "a waiting claim was woken after " + (wake.heard() - wake.sent()) / 1_000 + " ms: "
                                + wake.place());
            }
        }
    }

    /// At the end of a run somebody else works off the queue that wakes.
    private static boolean isTakenByAnother(Facts facts, Op wake) {
        String job = wake.asked("job");
        return facts.story()
                .named("claim")
                .filter(claim ->
                        claim.org().equals(wake.org()) && claim.asked("queue").equals("wakes"))
                .filter(claim -> claim.by().startsWith("worker-"))
                .anyMatch(claim -> brings(claim, job)
                        || !claim.isOk() && claim.sent() < wake.heard() && claim.heard() > wake.sent());
    }

    private static boolean brings(Op claim, String job) {
        for (JsonNode one : claim.answer().path("jobs")) {
            if (one.path("id").asString("").equals(job)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isExcused(Facts facts, Op wake) {
        return facts.story()
                .named("fault")
                .filter(fault -> !fault.asked("what").startsWith("redis"))
                .anyMatch(fault -> fault.sent() < wake.heard() && fault.heard() > wake.sent());
    }
}
