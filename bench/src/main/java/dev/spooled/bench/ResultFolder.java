package dev.spooled.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.regex.Pattern;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/// Keeps raw results: `<date>-<machine>/<time>-<name>.json` and the same as text. Nothing is overwritten.
record ResultFolder(Path root, String machine) {
    private static final Pattern LABEL = Pattern.compile("[a-z0-9][a-z0-9-]{0,39}");
    private static final DateTimeFormatter DATE =
            DateTimeFormatter.ofPattern("yyyy-MM-dd").withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("HHmmss").withZone(ZoneOffset.UTC);
    private static final JsonMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    ResultFolder {
        if (!LABEL.matcher(machine).matches()) {
            throw new IllegalArgumentException(
                    "a machine label is up to 40 lower-case letters, digits and hyphens, got " + machine);
        }
    }

    /// Writes both files and answers the folder they are in.
    Path keep(Report report) throws IOException {
        return keep(report.time(), report.name(), report, report.text());
    }

    Path keep(String time, String name, Object report, String text) throws IOException {
        var at = Instant.parse(time);
        var folder = Files.createDirectories(root.resolve(DATE.format(at) + "-" + machine));
        var stem = TIME.format(at) + "-" + name;
        Files.writeString(folder.resolve(stem + ".json"), JSON.writeValueAsString(report) + "\n");
        Files.writeString(folder.resolve(stem + ".txt"), text);
        return folder;
    }
}
