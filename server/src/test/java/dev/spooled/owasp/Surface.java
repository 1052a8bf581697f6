package dev.spooled.owasp;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/// What an attacker reads first: every operation of contract/openapi.yaml, who it is for and what it takes.
final class Surface {
    private static final JsonNode DOCUMENT = new YAMLMapper().readTree(Path.of("../contract/openapi.yaml"));
    private static final Set<String> METHODS = Set.of("get", "post", "put", "patch", "delete");
    private static final Pattern PARAMETER = Pattern.compile("\\{[^/]+}");
    private static final List<Operation> ALL = read();

    private Surface() {}

    /// An operation; `keys` are the ways to come in, none for one that is for anybody.
    record Operation(String method, String path, Set<String> keys, JsonNode described) {
        boolean needsCaller() {
            return keys.contains("apiKey");
        }

        boolean isOperators() {
            return keys.equals(Set.of("adminKey"));
        }

        /// Events do not end by themselves.
        boolean isLive() {
            return keys.contains("token");
        }

        boolean reads() {
            return method.equals("GET");
        }

        /// With this in place of every parameter.
        String at(String parameter) {
            return PARAMETER.matcher(path).replaceAll(parameter);
        }

        /// Names of the members that its body may have.
        Set<String> members() {
            return membersOf(schema(described.at("/requestBody/content/application~1json/schema")));
        }

        /// Names of what its answer of that status may have, in a list in each of its rows.
        Set<String> answered(String status) {
            JsonNode schema = schema(described.at("/responses/" + status + "/content/application~1json/schema"));
            return membersOf(schema.has("items") ? schema(schema.get("items")) : schema);
        }

        Set<String> parameters() {
            var names = new TreeSet<String>();
            for (JsonNode each : described.path("parameters")) {
                names.add(schema(each).path("name").asString(""));
            }
            return names;
        }

        @Override
        public String toString() {
            return method + " " + path;
        }
    }

    static List<Operation> operations() {
        return ALL;
    }

    static Operation operation(String method, String path) {
        return ALL.stream()
                .filter(it -> it.method().equals(method) && it.path().equals("/api/v1" + path))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + method + " " + path));
    }

    /// Members of all bodies that match, with no operation left out.
    static Set<String> membersOfBodies(Pattern name) {
        return ALL.stream()
                .map(Operation::members)
                .flatMap(Collection::stream)
                .filter(member -> name.matcher(member).matches())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static List<Operation> read() {
        var all = new ArrayList<Operation>();
        DOCUMENT.get("paths")
                .properties()
                .forEach(path -> path.getValue().properties().stream()
                        .filter(member -> METHODS.contains(member.getKey()))
                        .forEach(member -> all.add(new Operation(
                                member.getKey().toUpperCase(Locale.ROOT),
                                path.getKey(),
                                keys(member.getValue()),
                                member.getValue()))));
        return List.copyOf(all);
    }

    private static Set<String> keys(JsonNode operation) {
        JsonNode security = operation.has("security") ? operation.get("security") : DOCUMENT.get("security");
        var keys = new TreeSet<String>();
        boolean open = security.isEmpty();
        for (JsonNode way : security) {
            open |= way.isEmpty();
            keys.addAll(way.propertyNames());
        }
        return open ? Set.of() : keys;
    }

    /// References followed.
    private static JsonNode schema(JsonNode schema) {
        JsonNode ref = schema.get("$ref");
        return ref == null ? schema : schema(DOCUMENT.at(ref.asString().substring(1)));
    }

    private static Set<String> membersOf(JsonNode schema) {
        var names = new TreeSet<String>();
        JsonNode properties = schema.path("properties");
        names.addAll(properties.propertyNames());
        for (JsonNode property : properties) {
            JsonNode items = schema(property).path("items");
            if (!items.isMissingNode()) {
                names.addAll(membersOf(schema(items)));
            }
        }
        for (String combined : List.of("allOf", "anyOf", "oneOf")) {
            schema.path(combined).forEach(part -> names.addAll(membersOf(schema(part))));
        }
        return names;
    }
}
