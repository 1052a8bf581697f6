package dev.spooled.conformance.check;

import dev.spooled.conformance.history.Op;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/// Occurrences of schedules. What was heard of them, over the whole run, is in the `runs` operations.
final class Schedules {
    private static final long SLACK = 3_000_000;

    private Schedules() {}

    static void once(Facts facts, Findings findings) {
        for (var runs : runs(facts).entrySet()) {
            Set<Long> times = new HashSet<>();
            Set<String> jobs = new HashSet<>();
            for (JsonNode run : runs.getValue().values()) {
                String job = run.path("job").asString("");
                boolean fresh = times.add(run.path("for").asLong(0)) & jobs.add(job);
                findings.look(fresh, "schedule " + runs.getKey() + " fired twice for " + run.path("for"));
                findings.look(
                        facts.job(job) != null, "the job of schedule " + runs.getKey() + " at " + run + " is missing");
            }
            long made = facts.jobs().values().stream()
                    .filter(job -> job.state()
                            .path("payload")
                            .path("schedule")
                            .asString("")
                            .equals(mark(facts, runs.getKey())))
                    .count();
            findings.look(
                    made == jobs.size(),
                    "schedule " + runs.getKey() + " made " + made + " jobs for " + jobs.size() + " occurrences");
        }
    }

    private static String mark(Facts facts, String schedule) {
        return facts.story()
                .named("schedule")
                .filter(op -> op.answered("id").equals(schedule))
                .map(op -> op.asked("mark"))
                .findFirst()
                .orElse("?");
    }

    /// From the schedule's making to its pause none is left out (it catches up on all of them).
    static void complete(Facts facts, Findings findings) {
        Map<String, Map<String, JsonNode>> runs = runs(facts);
        for (Op made : facts.named("schedule")) {
            String id = made.answered("id");
            long end = facts.story()
                    .named("schedule_pause")
                    .filter(op -> op.isOk() && op.asked("schedule").equals(id))
                    .mapToLong(Op::sent)
                    .min()
                    .orElse(-1);
            if (made.isOk() && end > 0) {
                long period = made.asked().path("period_secs").asLong(0) * 1_000_000;
                var times = new TreeSet<Long>();
                runs.getOrDefault(id, Map.of())
                        .values()
                        .forEach(run -> times.add(run.path("for").asLong(0)));
                noGap(findings, id, times, new Span(made.heard(), undisturbed(facts, end), period));
            }
        }
    }

    /// The last moment before a pause up to which all was well: who is paused while it still catches up, because
    /// something stood still or was started again just before, stays behind.
    private static long undisturbed(Facts facts, long pause) {
        long end = pause;
        for (Op fault : facts.story().named("fault").toList().reversed()) {
            if (!fault.asked("what").equals("clock") && fault.heard() > end - SLACK) {
                end = Math.min(end, fault.sent());
            }
        }
        return end;
    }

    private record Span(long from, long to, long period) {}

    private static void noGap(Findings findings, String id, TreeSet<Long> times, Span span) {
        findings.look(!times.isEmpty(), "schedule " + id + " never fired");
        long before = span.from();
        for (long time : times) {
            findings.look(
                    time - before <= span.period(),
                    "schedule " + id + " left out what is between " + before + " and " + time);
            before = time;
        }
        findings.look(
                span.to() - before <= span.period() + SLACK,
                "schedule " + id + " fired last for " + before + " and was paused at " + span.to());
    }

    /// Runs that were not asked for by hand, by schedule and id.
    private static Map<String, Map<String, JsonNode>> runs(Facts facts) {
        Map<String, Map<String, JsonNode>> found = new HashMap<>();
        for (Op op : facts.named("runs")) {
            Map<String, JsonNode> of = found.computeIfAbsent(op.asked("schedule"), id -> new HashMap<>());
            for (JsonNode run : op.answer().path("runs")) {
                if (!run.path("manual").asBoolean(false)) {
                    of.put(run.path("id").asString(""), run);
                }
            }
        }
        return found;
    }
}
