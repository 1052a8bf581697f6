package dev.spooled.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// One process as Linux reports it in /proc/pid/stat (proc(5)); CPU in clock ticks.
record ProcessStat(int pid, String name, int parent, long ticks, long ticksOfEndedChildren) {
    /// Null when there is no such process, or no such file.
    static @Nullable ProcessStat read(Path process) {
        try {
            return parse(Files.readString(process.resolve("stat")));
        } catch (IOException gone) {
            return null;
        }
    }

    /// The name stands in brackets and may hold anything, so fields are counted from the last bracket.
    static ProcessStat parse(String stat) {
        int open = stat.indexOf('(');
        int close = stat.lastIndexOf(')');
        var fields = stat.substring(close + 2).split(" ", -1);
        return new ProcessStat(
                Integer.parseInt(stat.substring(0, open).strip()),
                stat.substring(open + 1, close),
                Integer.parseInt(fields[1]),
                Long.parseLong(fields[11]) + Long.parseLong(fields[12]),
                Long.parseLong(fields[13]) + Long.parseLong(fields[14]));
    }
}
