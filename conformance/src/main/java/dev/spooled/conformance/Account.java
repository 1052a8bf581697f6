package dev.spooled.conformance;

import dev.spooled.conformance.check.Facts;
import dev.spooled.conformance.check.Verdict;
import dev.spooled.conformance.history.Found;
import dev.spooled.conformance.history.Op;
import dev.spooled.conformance.history.Outcome;
import dev.spooled.conformance.history.Story;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/// What a run came to, for a human: the figures, then a line for each check.
record Account(String title, Story story, List<Verdict> verdicts, List<String> remarks) {
    private static final int SHOWN = 5;

    boolean isKept() {
        return verdicts.stream().allMatch(Verdict::isKept);
    }

    String text() {
        var text = new StringBuilder();
        line(text, title);
        line(text, "operations " + story.ops().size() + ": " + outcomes());
        line(text, "faults " + faults());
        line(text, "jobs " + statuses());
        shares(text);
        wakes(text);
        remarks.forEach(remark -> line(text, remark));
        verdicts.forEach(verdict -> {
            line(text, verdict.text());
            verdict.broken().stream().limit(SHOWN).forEach(sentence -> line(text, "    " + sentence));
        });
        line(text, isKept() ? "all promises kept" : "PROMISES BROKEN");
        return text.toString();
    }

    private static void line(StringBuilder text, String line) {
        text.append(line).append('\n');
    }

    private Map<String, Long> outcomes() {
        Map<String, Long> counts = new TreeMap<>();
        for (Op op : story.ops()) {
            if (op.outcome() != Outcome.OK || op.status() > 0) {
                counts.merge(op.outcome().name().toLowerCase(Locale.ROOT), 1L, Long::sum);
            }
        }
        return counts;
    }

    private Map<String, Long> faults() {
        Map<String, Long> counts = new TreeMap<>();
        story.named("fault").forEach(fault -> counts.merge(fault.asked("what"), 1L, Long::sum));
        return counts;
    }

    private Map<String, Long> statuses() {
        Map<String, Long> counts = new TreeMap<>();
        for (Found found : story.found()) {
            if (found.is("job")) {
                counts.merge(found.text("status"), 1L, Long::sum);
            }
        }
        return counts;
    }

    private void shares(StringBuilder text) {
        Facts.Shares shares = new Facts(story).shares();
        double all = Math.max(1, shares.delivered());
        line(
                text,
                String.format(
                        Locale.ROOT,
                        "delivered %d jobs; %d more than once (%.2f %%), of them %d (%.2f %%) though no worker had reported"
                                + " a failure and nobody asked for a retry",
                        shares.delivered(),
                        shares.moreThanOnce(),
                        100 * shares.moreThanOnce() / all,
                        shares.unasked(),
                        100 * shares.unasked() / all));
    }

    private void wakes(StringBuilder text) {
        long[] micros = story.named("wake")
                .mapToLong(wake -> wake.heard() - wake.sent())
                .sorted()
                .toArray();
        if (micros.length > 0) {
            line(
                    text,
                    String.format(
                            Locale.ROOT,
                            "waiting claims woken %d times: median %.1f ms, longest %.1f ms",
                            micros.length,
                            micros[micros.length / 2] / 1e3,
                            micros[micros.length - 1] / 1e3));
        }
    }
}
