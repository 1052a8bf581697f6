package dev.spooled.conformance.check;

import dev.spooled.conformance.history.Found;
import dev.spooled.conformance.history.Op;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Who holds a job, and what holding it is good for.
final class Leases {
    private Leases() {}

    /// While a lease lives, nobody else gets the job: only its end, a reported failure or somebody's retry give it
    /// away. Of two leases either may have been the first: a server that stood still answers late, with the time
    /// of before.
    static void deliveredAfterLease(Facts facts, Findings findings) {
        facts.deliveries().forEach((job, deliveries) -> {
            for (int i = 0; i < deliveries.size(); i++) {
                for (int j = i + 1; j < deliveries.size(); j++) {
                    Delivery one = deliveries.get(i);
                    Delivery other = deliveries.get(j);
                    findings.look(
                            mayFollow(facts, one, other) || mayFollow(facts, other, one),
                            "job " + job + " was delivered inside lease " + one.lease() + ": "
                                    + other.claim().place());
                }
            }
        });
    }

    private static boolean mayFollow(Facts facts, Delivery before, Delivery next) {
        return next.claim().heard() >= endOf(facts, before) - Checks.TOLERANCE || isGivenBack(facts, before, next);
    }

    /// The end of a lease with the heartbeats that were acknowledged.
    private static long endOf(Facts facts, Delivery delivery) {
        return facts.opsOn(delivery.id(), "heartbeat").stream()
                .filter(Op::isOk)
                .filter(op -> op.asked("lease").equals(delivery.lease()))
                .mapToLong(op -> op.answer().path("until").asLong(0))
                .reduce(delivery.until(), Math::max);
    }

    private static boolean isGivenBack(Facts facts, Delivery before, Delivery next) {
        return facts.opsOn(before.id(), "fail").stream()
                .anyMatch(op -> op.mayHaveHappened()
                        && op.asked("lease").equals(before.lease())
                        && op.sent() < next.claim().heard());
    }

    static void noneAfterCompletion(Facts facts, Findings findings) {
        facts.deliveries().forEach((job, deliveries) -> {
            for (Op complete : facts.opsOn(job, "complete")) {
                if (complete.isOk()) {
                    findings.look(
                            deliveries.stream().noneMatch(it -> it.claim().sent() > complete.heard()),
                            "job " + job + " was delivered after its completion: " + complete.place());
                }
            }
        });
    }

    /// What a holder says after another got the job counts for nothing, unless it repeats what it said in time.
    static void staleRefused(Facts facts, Findings findings) {
        facts.deliveries().forEach((job, deliveries) -> {
            for (Op op : facts.opsOn(job, "complete", "fail", "heartbeat")) {
                if (isStale(deliveries, op)) {
                    findings.look(
                            !op.isOk() || isRepetition(facts, op),
                            "a lease that had passed to another was heeded: " + op.place());
                }
            }
        });
    }

    private static boolean isStale(List<Delivery> deliveries, Op op) {
        int own = -1;
        for (int i = 0; i < deliveries.size(); i++) {
            if (deliveries.get(i).lease().equals(op.asked("lease"))) {
                own = i;
            }
        }
        if (own < 0) {
            return false;
        }
        Delivery holding = deliveries.get(own);
        return deliveries.stream()
                .anyMatch(it -> it.claim().sent() > holding.claim().heard()
                        && it.claim().heard() < op.sent());
    }

    private static boolean isRepetition(Facts facts, Op op) {
        return !op.is("heartbeat")
                && facts.opsOn(op.asked("job"), op.name()).stream()
                        .anyMatch(earlier -> earlier.sent() < op.sent()
                                && earlier.mayHaveHappened()
                                && earlier.asked("lease").equals(op.asked("lease")));
    }

    static void forgedRefused(Facts facts, Findings findings) {
        for (Op op : facts.story().ops()) {
            if (op.asked().path("forged").asBoolean(false)) {
                findings.look(!op.isOk(), "a lease that nobody was given was heeded: " + op.place());
            }
        }
    }

    /// A lease whose job was reported failed is spent: no completion under it counts any more.
    static void spentRefused(Facts facts, Findings findings) {
        for (Op complete : facts.named("complete")) {
            boolean spent = facts.opsOn(complete.asked("job"), "fail").stream()
                    .anyMatch(fail -> fail.isOk()
                            && fail.heard() < complete.sent()
                            && fail.asked("lease").equals(complete.asked("lease")));
            if (spent) {
                findings.look(!complete.isOk(), "a lease was heeded after its failure: " + complete.place());
            }
        }
    }

    static void completionFinal(Facts facts, Findings findings) {
        Set<String> completed = new HashSet<>();
        for (Op op : facts.named("complete")) {
            if (op.isOk() && completed.add(op.asked("job"))) {
                String id = op.asked("job");
                Found job = facts.job(id);
                findings.look(
                        job != null && job.text("status").equals("completed"),
                        "job " + id + " does not stay completed: " + op.place());
                findings.look(
                        job == null || isResultOfACompletion(facts, job),
                        "job " + id + " has a result that no heeded completion gave");
                findings.look(
                        leasesHeeded(facts, id) == 1, "job " + id + " was completed under two leases: " + op.place());
            }
        }
    }

    private static boolean isResultOfACompletion(Facts facts, Found job) {
        List<Op> said = facts.opsOn(job.id(), "complete");
        Op heeded = said.stream().filter(Op::isOk).findFirst().orElseThrow();
        return said.stream()
                .filter(op -> op.mayHaveHappened() && op.sent() <= heeded.heard())
                .filter(op -> op.asked("lease").equals(heeded.asked("lease")))
                .anyMatch(op -> op.asked().path("result").equals(job.state().path("result")));
    }

    private static long leasesHeeded(Facts facts, String job) {
        return facts.opsOn(job, "complete").stream()
                .filter(Op::isOk)
                .map(op -> op.asked("lease"))
                .distinct()
                .count();
    }
}
