package dev.spooled.support;

import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SchemaRegistryConfig;
import com.networknt.schema.dialect.Dialects;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/// contract/openapi.yaml as a judge: says what about an answer the contract does not know. Stricter than its letter: an
/// answer's objects have the members that are described and no others.
public final class Contract {
    private static final Set<String> METHODS = Set.of("get", "post", "put", "patch", "delete");
    private static final Set<Integer> WITHOUT_OPERATION = Set.of(400, 401, 404, 405, 501);
    private static final List<String> ON_EVERY_ANSWER = List.of("X-Request-Id", "X-API-Version");
    private static final JsonMapper JSON = new JsonMapper();
    private static final Contract READ = new Contract();

    /// An operation of the contract; `path` is its template.
    public record Operation(String method, String path) {
        @Override
        public String toString() {
            return method + " " + path;
        }
    }

    /// What came back.
    public record Answer(int status, HttpHeaders headers, String body) {
        static Answer of(HttpResponse<String> response) {
            return new Answer(response.statusCode(), response.headers(), response.body());
        }
    }

    private record Known(Operation operation, Pattern path, JsonNode described) {
        JsonNode responses() {
            return described.get("responses");
        }
    }

    private final ObjectNode document = (ObjectNode) new YAMLMapper().readTree(Path.of("../contract/openapi.yaml"));
    private final List<Known> operations = new ArrayList<>();
    private final SchemaRegistry registry = SchemaRegistry.withDialect(
            Dialects.getDraft202012(),
            it -> it.schemaRegistryConfig(
                    SchemaRegistryConfig.builder().formatAssertionsEnabled(true).build()));
    private final ConcurrentHashMap<JsonNode, Schema> schemas = new ConcurrentHashMap<>();

    private Contract() {
        document.get("paths")
                .properties()
                .forEach(path -> path.getValue().properties().stream()
                        .filter(member -> METHODS.contains(member.getKey()))
                        .forEach(member -> add(member.getKey(), path.getKey(), member.getValue())));
        var open = new HashSet<String>();
        findPartsOfWholes(document, open);
        close(document.get("components").get("schemas"), open);
        operations.forEach(known -> closeAll(known.responses()));
    }

    public static Contract read() {
        return READ;
    }

    private void add(String method, String path, JsonNode described) {
        Pattern pattern = Pattern.compile(path.replaceAll("\\{[^/]+}", "[^/]+"));
        operations.add(new Known(new Operation(method.toUpperCase(java.util.Locale.ROOT), path), pattern, described));
    }

    public Set<String> operations() {
        var all = new TreeSet<String>();
        operations.forEach(known -> all.add(known.operation().toString()));
        return all;
    }

    /// Operations under these tags.
    public Set<String> operationsOf(Set<String> tags) {
        var all = new TreeSet<String>();
        for (Known known : operations) {
            if (tags.contains(known.described().at("/tags/0").asString())) {
                all.add(known.operation().toString());
            }
        }
        return all;
    }

    /// The operation a request is for.
    public Optional<String> operationOf(String method, String path) {
        return Optional.ofNullable(find(method, path))
                .map(known -> known.operation().toString());
    }

    // ---- objects have no other members

    /// Schemas that others are composed of stay open; the whole is closed.
    private static void findPartsOfWholes(JsonNode node, Set<String> open) {
        if (node instanceof ObjectNode object && object.get("allOf") instanceof ArrayNode parts) {
            parts.forEach(part -> Optional.ofNullable(part.get("$ref")).ifPresent(ref -> open.add(nameOf(ref))));
        }
        node.forEach(child -> findPartsOfWholes(child, open));
    }

    private static String nameOf(JsonNode ref) {
        return ref.asString().substring(ref.asString().lastIndexOf('/') + 1);
    }

    private static void close(JsonNode components, Set<String> open) {
        components.properties().forEach(schema -> {
            if (open.contains(schema.getKey())) {
                schema.getValue().forEach(Contract::closeAll);
            } else {
                closeAll(schema.getValue());
            }
        });
    }

    private static void closeAll(JsonNode node) {
        if (node instanceof ObjectNode object
                && (object.has("properties") || object.has("allOf"))
                && isClosable(object)) {
            object.put("unevaluatedProperties", false);
        }
        node.properties().forEach(member -> {
            if (!member.getKey().equals("allOf")) {
                closeAll(member.getValue());
            } else {
                member.getValue().forEach(part -> part.forEach(Contract::closeAll));
            }
        });
        if (node instanceof ArrayNode) {
            node.forEach(Contract::closeAll);
        }
    }

    private static boolean isClosable(ObjectNode schema) {
        boolean isSchema = !schema.has("properties") || schema.get("properties") instanceof ObjectNode;
        return isSchema && !schema.has("additionalProperties") && !schema.has("unevaluatedProperties");
    }

    // ---- judging

    /// What is wrong with an answer by the contract; empty when nothing is.
    public List<String> faults(String method, String path, Answer answer) {
        var faults = new ArrayList<String>();
        for (String header : ON_EVERY_ANSWER) {
            if (answer.headers().firstValue(header).isEmpty()) {
                faults.add("no header " + header);
            }
        }
        Known known = find(method.equals("HEAD") ? "GET" : method, path);
        JsonNode response = known == null ? unknown(answer) : responseOf(known, answer.status());
        if (response == null) {
            faults.add((known == null ? "no such operation" : known.operation() + " has no such answer") + " for "
                    + answer.status());
        } else if (!method.equals("HEAD")) {
            judge(response, answer, faults);
        }
        if (known != null && faults.isEmpty()) {
            Exchanges.note(known.operation(), answer.status());
        }
        return faults;
    }

    private @Nullable Known find(String method, String path) {
        String bare = path.replaceFirst("[?#].*", "");
        return operations.stream()
                .filter(known -> known.operation().method().equals(method)
                        && known.path().matcher(bare).matches())
                .min(java.util.Comparator.comparingLong(known ->
                        known.operation().path().chars().filter(c -> c == '{').count()))
                .orElse(null);
    }

    private @Nullable JsonNode unknown(Answer answer) {
        boolean refused = WITHOUT_OPERATION.contains(answer.status());
        return refused ? document.at("/components/responses/Problem") : null;
    }

    private @Nullable JsonNode responseOf(Known known, int status) {
        JsonNode named = known.responses().get(Integer.toString(status));
        JsonNode found =
                named != null || status < 400 ? named : known.responses().get("default");
        return found != null && found.has("$ref")
                ? document.at(found.get("$ref").asString().substring(1))
                : found;
    }

    private void judge(JsonNode response, Answer answer, List<String> faults) {
        JsonNode content = response.get("content");
        if (content == null) {
            if (!answer.body().isEmpty()) {
                faults.add("a body where none is described");
            }
            return;
        }
        String type = answer.headers().firstValue("Content-Type").orElse("").replaceFirst(";.*", "");
        JsonNode described = content.get(type);
        if (described == null) {
            faults.add("content type " + type + " (expected: " + content.propertyNames() + ")");
        } else if (type.endsWith("json") && described.has("schema")) {
            for (Error error : schema(described.get("schema")).validate(JSON.readTree(answer.body()))) {
                faults.add(error.toString());
            }
        }
    }

    /// References lead into `components`, which every schema therefore carries.
    private Schema schema(JsonNode described) {
        return schemas.computeIfAbsent(described, it -> {
            ObjectNode whole = ((ObjectNode) it).deepCopy();
            whole.set("components", document.get("components"));
            return registry.getSchema(whole);
        });
    }
}
