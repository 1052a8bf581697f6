package dev.spooled.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.access.NewKey;
import dev.spooled.refusal.Refused;
import dev.spooled.support.TestServer;
import java.io.IOException;
import java.net.URLEncoder;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Requests nobody should send, made up from contract/openapi.yaml: every operation with right, odd and absurd
/// values for its parameters and members, broken JSON, wrong types. Nothing may be answered 5xx or take longer
/// than 5 s. `-Dfuzz.seed=n` repeats a run, `-Dfuzz.requests=n` says how long it is.
@Tag("fuzz")
class FuzzTest {
    private static final int REQUESTS = Integer.getInteger("fuzz.requests", 20_000);
    private static final long SLOWEST_NANOS = 5_000_000_000L;
    private static final Path CONTRACT = Path.of("../contract/openapi.yaml");

    /// Where the description has a name for a value: as a member, a parameter or a property.
    private static final Pattern NAMES =
            Pattern.compile("(?m)^ +(?:- name: |- \\{name: )?([a-z][a-z_]{1,40})(?::|,|$)");

    private static final Pattern PATH = Pattern.compile("(?m)^  (/\\S*):$|^    (get|post|put|patch|delete):$");

    /// Answers that say no on purpose.
    private static final List<Integer> MEANT = List.of(501);

    /// What a well-meaning client would send.
    private static final Map<String, List<String>> USUAL = Map.of(
            "priority", List.of("0", "5", "-100"),
            "progress", List.of("0", "99.5", "100"),
            "payload", List.of("{}", "{\"a\":[1,2]}", "null", "1e400"),
            "worker_id", List.of("\"w1\"", "\"w2\""),
            "error", List.of("\"boom\""),
            "lease_id", List.of("null", "\"\""),
            "max_retries", List.of("0", "1", "3"),
            "parent_job_id", List.of("null"),
            "tags", List.of("{\"env\":\"prod\"}", "[\"env\"]", "null"));

    private final long seed = Long.getLong("fuzz.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private final List<String> ids =
            new ArrayList<>(List.of("nope", "00000000-0000-0000-0000-000000000000", "%00", "..%2f"));
    private final List<String> names;
    private final List<Operation> operations;
    private String key = "";

    /// Streams without an end have tests of their own.
    private static final Pattern LIVE = Pattern.compile("/api/v1/(ws|events.*)");

    private record Operation(String method, String path) {}

    FuzzTest() throws IOException {
        String contract = Files.readString(CONTRACT);
        names = NAMES.matcher(contract)
                .results()
                .map(found -> found.group(1))
                .distinct()
                .toList();
        operations = operations(contract);
    }

    private static List<Operation> operations(String contract) {
        var found = new ArrayList<Operation>();
        Matcher lines = PATH.matcher(contract);
        String path = "";
        while (lines.find()) {
            if (lines.group(1) != null) {
                path = lines.group(1);
            } else if (!LIVE.matcher(path).matches()) {
                found.add(new Operation(lines.group(2).toUpperCase(java.util.Locale.ROOT), path));
            }
        }
        return found;
    }

    @Test
    void nothingBreaksIt() {
        assertThat(operations).hasSizeGreaterThan(20);
        assertThat(names).contains("queue_name", "priority", "lease_id", "cursor");
        System.out.println(
                "fuzz: -Dfuzz.seed=" + seed + ", " + operations.size() + " operations, " + names.size() + " names");
        var statuses = new TreeMap<Integer, Integer>();
        var faults = new ArrayList<String>();
        long slowest = 0;
        try (var server = new TestServer()) {
            key = server.key;
            for (int i = 0; i < REQUESTS; i++) {
                Operation operation = operations.get(random.nextInt(operations.size()));
                String path = path(operation.path());
                String body = operation.method().equals("GET") || random.nextInt(8) == 0 ? "" : body();
                long begun = System.nanoTime();
                int status = send(server, operation.method(), path, body);
                long took = System.nanoTime() - begun;
                if (status == 401) {
                    // It has revoked or narrowed the key it came with.
                    key = anotherKey(server);
                }
                slowest = Math.max(slowest, took);
                statuses.merge(status, 1, Integer::sum);
                if (status >= 500 && !MEANT.contains(status) || took > SLOWEST_NANOS) {
                    faults.add(operation.method() + " " + path + " " + body + " answered " + status + " in "
                            + took / 1_000_000 + " ms");
                }
            }
            key = anotherKey(server);
            assertThat(send(server, "GET", "/api/v1/jobs/stats", "")).isEqualTo(200);
        }
        System.out.printf("fuzz: %d requests, slowest %d ms, answers %s%n", REQUESTS, slowest / 1_000_000, statuses);
        assertThat(faults).isEmpty();
    }

    /// Of the organization, or of another when it has deleted the one it came from.
    private static String anotherKey(TestServer server) {
        try {
            return server.organizations
                    .addKey(server.organization, NewKey.forAllQueues("fuzz"))
                    .key();
        } catch (Refused gone) {
            return server.otherOrganization();
        }
    }

    private int send(TestServer server, String method, String path, String body) {
        var request = server.to(path)
                .header("Authorization", "Bearer " + key)
                .header("Content-Type", "application/json")
                .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
        if (random.nextInt(20) == 0) {
            request.header("Idempotency-Key", "k" + random.nextInt(20));
        }
        if (path.contains("/admin/") || path.endsWith("/organizations")) {
            request.header("X-Admin-Key", TestServer.ADMIN_KEY);
        }
        var response = server.send(request);
        JobCalls.ids("{" + response.body().replaceAll("^[\\[{]+", "")).stream()
                .filter(id -> ids.size() < 2_000)
                .forEach(ids::add);
        return response.statusCode();
    }

    private String path(String template) {
        String path = template.replaceAll("\\{id}", Matcher.quoteReplacement(id()))
                .replaceAll("\\{\\w+}", Matcher.quoteReplacement(encoded(word())));
        int parameters = random.nextInt(4);
        var query = new StringBuilder();
        for (int i = 0; i < parameters; i++) {
            String name = random.nextInt(3) == 0
                    ? one(names)
                    : one(List.of(
                            "queue_name",
                            "status",
                            "tag",
                            "limit",
                            "cursor",
                            "offset",
                            "order_by",
                            "order_dir",
                            "ids",
                            "by"));
            query.append(i == 0 ? '?' : '&')
                    .append(name)
                    .append('=')
                    .append(encoded(random.nextInt(3) == 0 ? id() : word()));
        }
        return path + query;
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /// Mostly an id that exists, the newest rather than others.
    private String id() {
        return ids.get(Math.max(
                0, ids.size() - 1 - random.nextInt(random.nextInt(4) == 0 ? ids.size() : Math.min(ids.size(), 40))));
    }

    private String body() {
        String good = object(0);
        return switch (random.nextInt(20)) {
            case 0 -> good.substring(0, random.nextInt(good.length()));
            case 1 -> "[" + good + "]";
            case 2 -> "null";
            case 3 -> "[".repeat(500);
            case 4 -> good + good;
            case 5 -> good.replace('"', '\'');
            default -> good;
        };
    }

    private String object(int depth) {
        var members = new ArrayList<String>();
        for (String usual :
                List.of("queue_name", "payload", "worker_id", "error", "priority", "progress", "name", "slug")) {
            if (random.nextInt(3) > 0) {
                members.add("\"" + usual + "\":" + value(usual, depth));
            }
        }
        for (int i = random.nextInt(3); i > 0; i--) {
            String name = one(names);
            members.removeIf(member -> member.startsWith("\"" + name + "\""));
            members.add("\"" + name + "\":" + value(name, depth));
        }
        return "{" + String.join(",", members) + "}";
    }

    private String value(String name, int depth) {
        boolean usual = random.nextInt(8) > 0;
        if (usual && USUAL.containsKey(name)) {
            return one(USUAL.get(name));
        }
        if (usual && (name.endsWith("_id") || name.endsWith("_ids"))) {
            return name.endsWith("s") ? "[\"" + id() + "\"]" : "\"" + id() + "\"";
        }
        if (usual && name.contains("name")) {
            return "\"q" + random.nextInt(3) + "\"";
        }
        if (usual && (name.endsWith("_at") || name.equals("older_than"))) {
            return one(List.of(
                    "\"2027-01-01T00:00:00Z\"", "\"1969-12-31T23:59:59Z\"", "\"9999-12-31T23:59:59.999999999+18:00\""));
        }
        return switch (random.nextInt(12)) {
            case 0, 1, 2 ->
                one(List.of(
                        "0",
                        "1",
                        "-1",
                        "5",
                        "100",
                        "101",
                        "86400",
                        "2147483648",
                        "-9223372036854775809",
                        "1e400",
                        "1.5",
                        "-0",
                        "1e-9999",
                        "123456789012345678901234567890"));
            case 3, 4, 5 -> "\"" + word().replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
            case 6 -> one(List.of("true", "false"));
            case 7 -> "null";
            case 8 -> depth < 3 ? object(depth + 1) : "{}";
            case 9 -> depth < 3 ? "[" + value(name, depth + 1) + "," + object(depth + 1) + "]" : "[]";
            case 10 -> one(List.of("\"\\u0000\"", "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\\u202e\"", "\"\\n\\t\\r\""));
            default -> "\"" + "x".repeat(random.nextInt(5_000)) + "\"";
        };
    }

    private String word() {
        return one(List.of(
                "q0",
                "q1",
                "q2",
                "",
                " ",
                "pending",
                "completed",
                "deadletter",
                "processing",
                "scheduled",
                "cancelled",
                "failed",
                "created_at",
                "priority",
                "asc",
                "tag.env",
                "env",
                "env:prod",
                "*",
                "' or 1=1 --",
                "\u00e9",
                "\ud83d\ude00",
                "a/b",
                "..",
                "null",
                "-1",
                "0",
                "101",
                "99999999999999999999",
                "1e9",
                "0x10",
                "x".repeat(300),
                "fixed",
                "exponential",
                "list",
                "https://example.com/hook",
                "2027-01-01T00:00:00Z",
                "\u0000"));
    }

    private <T> T one(List<T> of) {
        return of.get(random.nextInt(of.size()));
    }
}
