package dev.spooled.conformance.check;

import dev.spooled.conformance.history.Found;
import dev.spooled.conformance.history.Op;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/// What comes before what, and what does not come at all.
final class Order {
    /// An answer that was lost may belong to an effect that comes later than anybody waits.
    private static final long LATE = 30_000_000;

    private Order() {}

    /// In a queue called `line`, filled first and then worked off by one worker: by priority, then as they came. What
    /// comes back, because an answer was lost, comes when it comes.
    static void line(Facts facts, Findings findings) {
        Map<String, List<Delivery>> heard = new HashMap<>();
        for (Op claim : facts.named("claim")) {
            if (claim.asked("queue").equals("line")) {
                for (JsonNode job : claim.answer().path("jobs")) {
                    if (job.path("retry_count").asInt(0) == 0) {
                        heard.computeIfAbsent(claim.org(), org -> new ArrayList<>())
                                .add(new Delivery(claim, job));
                    }
                }
            }
        }
        heard.values().forEach(deliveries -> {
            for (int i = 1; i < deliveries.size(); i++) {
                Delivery before = deliveries.get(i - 1);
                Delivery next = deliveries.get(i);
                findings.look(
                        BY_RANK.compare(before, next) < 0,
                        "job " + next.id() + " came after job " + before.id() + ": "
                                + next.claim().place());
            }
        });
    }

    private static final Comparator<Delivery> BY_RANK = Comparator.comparingInt(
                    (Delivery delivery) -> -delivery.job().path("priority").asInt(0))
            .thenComparingLong(Delivery::number);

    /// Nothing before its `scheduled_at`, nor before the end of the wait after a failure.
    static void noneEarly(Facts facts, Findings findings) {
        facts.deliveries().forEach((job, deliveries) -> {
            for (Delivery delivery : deliveries) {
                Op maker = facts.maker(delivery.number());
                if (maker != null && maker.asked().has("due")) {
                    findings.look(
                            isDue(delivery, maker.asked().path("due").asLong(0)),
                            "job " + job + " came before it was due: "
                                    + delivery.claim().place());
                }
                for (Op fail : facts.opsOn(job, "fail")) {
                    if (fail.isOk() && fail.heard() < delivery.claim().sent()) {
                        findings.look(
                                isDue(delivery, fail.answer().path("next").asLong(0))
                                        || isRevived(facts, job, fail, delivery),
                                "job " + job + " was tried again too early: "
                                        + delivery.claim().place());
                    }
                }
            }
        });
    }

    private static boolean isDue(Delivery delivery, long due) {
        return delivery.claim().heard() >= due - Checks.TOLERANCE;
    }

    private static boolean isRevived(Facts facts, String job, Op since, Delivery until) {
        return facts.revivals(job).stream()
                .anyMatch(op ->
                        op.heard() > since.sent() && op.sent() < until.claim().heard());
    }

    static void noneFromPaused(Facts facts, Findings findings) {
        for (Op pause : facts.named("pause")) {
            if (pause.isOk()) {
                long end = end(facts, pause);
                for (Op claim : facts.named("claim")) {
                    if (isSame(claim, pause) && claim.heard() > pause.heard() && claim.heard() < end) {
                        findings.look(
                                !isGrantedAfter(claim, pause.heard()),
                                "jobs came from the paused queue " + pause.asked("queue") + ": " + claim.place());
                    }
                }
            }
        }
    }

    /// When the pause may have ended; at once if a lost request to end an earlier one may still be on its way.
    private static long end(Facts facts, Op pause) {
        long end = Long.MAX_VALUE;
        for (Op resume : facts.named("resume")) {
            if (isSame(resume, pause) && resume.mayHaveHappened()) {
                boolean late = !resume.isOk() && resume.sent() > pause.sent() - LATE && resume.sent() < pause.heard();
                if (late) {
                    return pause.heard();
                }
                if (resume.heard() > pause.sent()) {
                    end = Math.min(end, resume.sent());
                }
            }
        }
        return end;
    }

    private static boolean isSame(Op op, Op pause) {
        return op.org().equals(pause.org()) && op.asked("queue").equals(pause.asked("queue"));
    }

    private static boolean isGrantedAfter(Op claim, long time) {
        for (JsonNode job : claim.answer().path("jobs")) {
            if (claim.sent() > time || new Delivery(claim, job).granted() > time + Checks.TOLERANCE) {
                return true;
            }
        }
        return false;
    }

    static void noneAfterCancel(Facts facts, Findings findings) {
        for (Op cancel : facts.named("cancel")) {
            if (cancel.isOk()) {
                String id = cancel.asked("job");
                Found job = facts.job(id);
                findings.look(
                        job != null && job.text("status").equals("cancelled"),
                        "job " + id + " does not stay cancelled: " + cancel.place());
                findings.look(
                        facts.deliveriesOf(id).stream()
                                .noneMatch(delivery -> delivery.claim().sent() > cancel.heard()),
                        "job " + id + " came after it was cancelled: " + cancel.place());
            }
        }
    }
}
