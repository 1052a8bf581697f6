package dev.spooled.live;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/// The table of contract/events.md as a judge of events.
final class EventTable {
    private static final Pattern ROW = Pattern.compile("\\| `(\\w+)` \\| `([a-z.]+)`[^|]*\\|([^|]*)\\|.*");
    private static final Pattern NOTE = Pattern.compile("\\([^)]*\\)");

    /// Members that an event may lack.
    private static final Set<String> NOT_ALWAYS = Set.of("result", "transition");

    private static final Map<String, Set<String>> MEMBERS = read();

    private EventTable() {}

    static Set<String> types() {
        return MEMBERS.keySet();
    }

    /// What about an event in the usual dialect the table does not know.
    static List<String> faults(JsonNode event) {
        var faults = new ArrayList<String>();
        Set<String> known = MEMBERS.get(event.get("type").asString());
        if (known == null) {
            return List.of("no such type");
        }
        JsonNode data = event.get("data");
        known.stream()
                .filter(member -> !data.has(member) && !NOT_ALWAYS.contains(member))
                .forEach(member -> faults.add("no " + member));
        data.propertyNames().stream()
                .filter(member -> !known.contains(member))
                .forEach(member -> faults.add(member + " is not described"));
        for (String outside : List.of("timestamp", "job_id", "queue_name")) {
            if (data.has(outside) && !data.get(outside).equals(event.get(outside))) {
                faults.add(outside + " is not beside data");
            }
        }
        return faults;
    }

    private static Map<String, Set<String>> read() {
        try {
            var members = new HashMap<String, Set<String>>();
            for (String line : Files.readAllLines(Path.of("../contract/events.md"))) {
                Matcher row = ROW.matcher(line);
                if (row.matches()) {
                    members.put(row.group(1), members(row.group(3)));
                }
            }
            return members;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Set<String> members(String cell) {
        var names = new TreeSet<>(Set.of("timestamp"));
        for (String name : NOTE.matcher(cell).replaceAll("").split(",")) {
            if (!name.isBlank()) {
                names.add(name.strip());
            }
        }
        return names;
    }
}
