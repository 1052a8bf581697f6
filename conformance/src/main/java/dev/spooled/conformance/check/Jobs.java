package dev.spooled.conformance.check;

import dev.spooled.conformance.history.Found;
import dev.spooled.conformance.history.Op;
import java.util.HashMap;
import java.util.Map;

/// Jobs as a whole: there, ended, and as they were sent.
final class Jobs {
    private Jobs() {}

    static void acknowledged(Facts facts, Findings findings) {
        for (Op op : facts.story().ops()) {
            if (op.isOk()) {
                for (String id : Facts.made(op)) {
                    findings.look(facts.job(id) != null || facts.isPurged(id), "job " + id + " is lost: " + op.place());
                }
            }
        }
    }

    static void ended(Facts facts, Findings findings) {
        for (Found job : facts.jobs().values()) {
            findings.look(
                    Facts.TERMINAL.contains(job.text("status")),
                    "job " + job.id() + " of " + job.text("queue_name") + " is still " + job.text("status"));
        }
    }

    /// An operation makes all its jobs or none, and none twice, whatever became of its answer.
    static void allOrNothing(Facts facts, Findings findings) {
        Map<Long, Integer> counts = new HashMap<>();
        for (Found job : facts.jobs().values()) {
            counts.merge(job.state().path("payload").path("n").asLong(-1), 1, Integer::sum);
        }
        for (Op op : facts.story().ops()) {
            if (op.is("enqueue") || op.is("bulk") || op.is("workflow")) {
                int there = counts.getOrDefault(op.asked().path("n").asLong(0), 0);
                int all = op.asked().path("items").asInt(1);
                long gone = op.isOk()
                        ? Facts.made(op).stream().filter(facts::isPurged).count()
                        : 0;
                findings.look(isWhole(op, there, all, gone), there + " of " + all + " jobs exist: " + op.place());
            }
        }
    }

    private static boolean isWhole(Op op, int there, int all, long gone) {
        return switch (op.outcome()) {
            case FAIL -> there == 0;
            case UNKNOWN -> there == 0 || there == all;
            case OK -> op.answer().path("created").asBoolean(true) ? there <= all && there + gone >= all : there == 0;
        };
    }

    static void roundTrip(Facts facts, Findings findings) {
        for (Found job : facts.jobs().values()) {
            Op maker = facts.maker(job.state().path("payload").path("n").asLong(-1));
            if (maker != null && maker.asked().has("payload")) {
                findings.look(
                        maker.asked().path("payload").equals(job.state().path("payload")),
                        "job " + job.id() + " has another payload than was sent: " + maker.place());
            }
        }
    }
}
