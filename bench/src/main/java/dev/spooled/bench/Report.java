package dev.spooled.bench;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One measurement as it is kept: what was asked, where, what came out. Latencies are milliseconds.
///
/// @param settings the flags that shaped the run, in order
/// @param fsync the bare write-and-sync loop of the same minute
record Report(
        String name,
        String time,
        Machine machine,
        Map<String, Object> settings,
        @Nullable Percentiles fsync,
        List<Round> rounds,
        @Nullable Account account) {

    String text() {
        var text = new StringBuilder();
        text.append(name).append(", ").append(time).append(", ").append(machine.label());
        text.append("%n%d processors, %s %s, Java %s%n"
                .formatted(machine.processors(), machine.system(), machine.architecture(), machine.java()));
        settings.forEach(
                (flag, value) -> text.append(flag).append('=').append(value).append(' '));
        text.append("%n%nlatencies: p50 / p99 / max in ms%n".formatted());
        if (fsync != null) {
            text.append("write 8 KB and sync: %s, %,d of them%n".formatted(fsync.brief(), fsync.count()));
        }
        for (int i = 0; i < rounds.size(); i++) {
            text.append(line(i + 1, rounds.get(i)));
        }
        return text.append(account == null ? "" : account.text() + "%n".formatted())
                .toString();
    }

    private static String line(int number, Round round) {
        var line = new StringBuilder("round %d: %,.0f jobs/s".formatted(number, round.jobsPerSecond()));
        append(line, "enqueue", round.enqueue());
        append(line, "claim", round.claim());
        append(line, "complete", round.complete());
        append(line, "sent to in hand", round.delivery());
        if (round.walBytesPerJob() != null) {
            line.append(String.format(Locale.ROOT, "; %.0f bytes of WAL per job", round.walBytesPerJob()));
        }
        if (round.postgresMicrosPerJob() != null) {
            line.append(String.format(Locale.ROOT, "; %.1f us of PostgreSQL per job", round.postgresMicrosPerJob()));
        }
        return line.append("%n".formatted()).toString();
    }

    private static void append(StringBuilder line, String what, Percentiles percentiles) {
        if (percentiles.count() > 0) {
            line.append("; ").append(what).append(' ').append(percentiles.brief());
        }
    }
}
