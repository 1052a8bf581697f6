package dev.spooled.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What `bench peers` found: a table with a row for each contender, and every turn.
///
/// @param postgres the settings of PostgreSQL that matter to durability and speed
record PeersReport(
        String time,
        Machine machine,
        Map<String, Object> settings,
        Map<String, String> postgres,
        Percentiles fsync,
        List<Row> rows) {
    /// @param turns in the order of the rounds
    record Row(String name, String version, boolean history, String settings, List<Turn> turns) {
        double jobsPerSecond() {
            return mean(turns.stream().map(Turn::jobsPerSecond).toList());
        }

        /// Null where it could not be measured.
        @Nullable
        Double walBytes() {
            return mean(turns, Turn::walBytesPerJob);
        }

        @Nullable
        Double postgresMicros() {
            return mean(turns, Turn::postgresMicrosPerJob);
        }

        boolean balanced() {
            return turns.stream().allMatch(turn -> turn.fault() == null);
        }
    }

    boolean balanced() {
        return rows.stream().allMatch(Row::balanced);
    }

    String text() {
        var text = new StringBuilder("peers, %s, %s%n".formatted(time, machine.label()));
        text.append("%d processors, %s %s, Java %s%n"
                .formatted(machine.processors(), machine.system(), machine.architecture(), machine.java()));
        settings.forEach(
                (name, value) -> text.append(name).append('=').append(value).append(' '));
        text.append('\n');
        postgres.forEach(
                (name, value) -> text.append(name).append('=').append(value).append(' '));
        text.append("%nwrite 8 KB and sync: %s (p50 / p99 / max in ms), %,d of them%n%n"
                .formatted(fsync.brief(), fsync.count()));
        text.append(line("", "history", "jobs/s", "p50 ms", "p99 ms", "WAL B", "PG us", "jobs/s of each round"));
        rows.forEach(row -> text.append(line(row)));
        text.append('\n');
        rows.forEach(row -> text.append("%s %s: %s%n".formatted(row.name(), row.version(), row.settings())));
        rows.forEach(row -> row.turns().stream()
                .filter(turn -> turn.fault() != null)
                .forEach(turn -> text.append(
                        "NOT BALANCED: %s, round %d: %s%n".formatted(row.name(), turn.round(), turn.fault()))));
        return text.toString();
    }

    private static String line(Row row) {
        var turns = row.turns();
        return line(
                row.name(),
                row.history() ? "kept" : "deleted",
                whole(row.jobsPerSecond()),
                latency(turns.stream().map(turn -> turn.delivery().p50()).toList()),
                latency(turns.stream().map(turn -> turn.delivery().p99()).toList()),
                whole(row.walBytes()),
                whole(row.postgresMicros()),
                String.join(
                        " ",
                        turns.stream().map(turn -> whole(turn.jobsPerSecond())).toList()));
    }

    private static String line(String... cells) {
        return String.format(Locale.ROOT, "%-24s %-8s %9s %9s %9s %7s %7s   %s%n", (Object[]) cells);
    }

    private static String whole(@Nullable Double value) {
        return value == null ? "-" : String.format(Locale.ROOT, "%,.0f", value);
    }

    private static String latency(List<Double> values) {
        return String.format(Locale.ROOT, "%,.1f", mean(values));
    }

    private static double mean(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).average().orElse(0);
    }

    private static @Nullable Double mean(List<Turn> turns, Figure figure) {
        var known = new ArrayList<Double>();
        for (var turn : turns) {
            var value = figure.of(turn);
            if (value != null) {
                known.add(value);
            }
        }
        return known.isEmpty() ? null : mean(known);
    }

    /// A figure that is not there where it cannot be measured.
    private interface Figure {
        @Nullable
        Double of(Turn turn);
    }
}
