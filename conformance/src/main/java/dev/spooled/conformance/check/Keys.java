package dev.spooled.conformance.check;

import dev.spooled.conformance.history.Found;
import dev.spooled.conformance.history.Op;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/// One idempotency key, one job.
final class Keys {
    private Keys() {}

    static void oneJob(Facts facts, Findings findings) {
        answersByKey(facts).forEach((key, answers) -> {
            long ids = answers.stream()
                    .filter(Op::isOk)
                    .map(op -> op.answered("id"))
                    .distinct()
                    .count();
            findings.look(ids <= 1, "key " + key + " stands for " + ids + " jobs");
        });
        Map<String, List<Found>> stored = facts.jobsBy(
                job -> job.org() + "/" + job.state().path("idempotency_key").asString(""));
        stored.forEach((key, jobs) -> {
            if (!key.endsWith("/")) {
                findings.look(jobs.size() == 1, jobs.size() + " jobs carry key " + key);
            }
        });
    }

    /// Exactly one caller hears that it made the job, or the answer of the one that did was lost.
    static void oneCreation(Facts facts, Findings findings) {
        answersByKey(facts).forEach((key, answers) -> {
            long creations = answers.stream()
                    .filter(op -> op.isOk() && op.answer().path("created").asBoolean(false))
                    .count();
            boolean lost = answers.stream().anyMatch(op -> op.mayHaveHappened() && !op.isOk());
            boolean any = answers.stream().anyMatch(Op::isOk);
            findings.look(
                    creations == 1 || creations == 0 && (lost || !any),
                    creations + " callers heard that they made the job of key " + key);
        });
    }

    private static Map<String, List<Op>> answersByKey(Facts facts) {
        Function<Op, String> key = op -> op.org() + "/" + op.asked("key");
        return facts.story()
                .named("enqueue")
                .filter(op -> op.asked().has("key"))
                .collect(Collectors.groupingBy(key));
    }
}
