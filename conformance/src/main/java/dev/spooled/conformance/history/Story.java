package dev.spooled.conformance.history;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/// A whole run: its operations by the time they were sent, and what was found at the end. Kept as one JSON object a
/// line, so that it can be read, cut and judged again.
public record Story(List<Op> ops, List<Found> found) {
    public Story {
        ops = ops.stream().sorted(Comparator.comparingLong(Op::sent)).toList();
        found = List.copyOf(found);
    }

    public static Story read(Path file) throws IOException {
        try (Stream<String> lines = Files.lines(file)) {
            return of(lines);
        }
    }

    public static Story of(Stream<String> lines) {
        var ops = new ArrayList<Op>();
        var found = new ArrayList<Found>();
        lines.filter(line -> !line.isBlank()).forEach(line -> {
            JsonNode node = Op.JSON.readTree(line);
            if (node.has("found")) {
                found.add(Found.of(node));
            } else {
                ops.add(Op.of(node));
            }
        });
        return new Story(ops, found);
    }

    public void write(Path file) throws IOException {
        try (BufferedWriter to = Files.newBufferedWriter(file)) {
            for (Op op : ops) {
                to.write(op.line());
                to.newLine();
            }
            for (Found one : found) {
                to.write(one.line());
                to.newLine();
            }
        }
    }

    public Stream<Op> named(String name) {
        return ops.stream().filter(op -> op.is(name));
    }
}
