package dev.spooled.owasp;

import static dev.spooled.owasp.GrpcSurface.metadata;
import static dev.spooled.owasp.Wire.send;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.TestServer;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status.Code;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Duration;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// API4: asking for too much. Caps of plans are in `LimitsHttpTest` and `QuotaStormTest`, live connections in
/// `LiveHttpTest` and `GrpcLimitsTest`, bodies that trickle in `WebTest`.
final class UnrestrictedResourceConsumptionTest {
    private static final TestServer SERVER = new TestServer();
    private static final int MIB = 1024 * 1024;
    private static final int WIDE_OPEN = 1_000_000;

    @AfterEach
    void openTheGate() {
        SERVER.rate.leave(WIDE_OPEN);
    }

    @AfterAll
    static void close() {
        SERVER.close();
    }

    /// No operation that asks for a key is free, whatever else would be wrong with the request.
    @Test
    void everyOperationCostsOneOfTheRate() {
        SERVER.rate.leave(0);
        int walked = 0;
        for (var operation : Surface.operations()) {
            if (operation.needsCaller() && !operation.path().endsWith("/ws")) {
                var answer = send(
                        SERVER, operation.method(), operation.at("x"), "", "Authorization", "Bearer " + SERVER.key);
                assertThat(answer.statusCode()).as(operation.toString()).isEqualTo(429);
                assertThat(answer.headers().firstValue("Retry-After"))
                        .as(operation.toString())
                        .isPresent();
                walked++;
            }
        }
        assertThat(walked).isGreaterThan(90);
    }

    @Test
    void everyCallOfGrpcCostsOneOfTheRate() {
        SERVER.rate.leave(0);
        try (var grpc = new GrpcSurface(SERVER)) {
            for (var method : GrpcSurface.methods()) {
                if (method.getType() == MethodType.UNARY) {
                    assertThat(grpc.call(method, metadata("x-api-key", SERVER.key))
                                    .getCode())
                            .as(method.getFullMethodName())
                            .isEqualTo(Code.RESOURCE_EXHAUSTED);
                }
            }
        }
    }

    /// Whatever a list is asked for, it is a page.
    @Test
    void listsArePages() {
        for (int i = 0; i < 3; i++) {
            SERVER.post("/jobs/bulk", bulk(100));
        }
        int walked = 0;
        for (var operation : Surface.operations()) {
            if (operation.reads() && operation.parameters().contains("limit") && operation.needsCaller()) {
                for (String page : List.of(
                        "limit=1000000", "limit=99999999999999999999", "limit=-1", "limit=0&offset=999999999")) {
                    var answer = send(
                            SERVER, "GET", operation.at("x") + "?" + page, "", "Authorization", "Bearer " + SERVER.key);
                    assertThat(answer.statusCode()).as(operation + "?" + page).isIn(200, 404);
                    assertThat(answer.body().split("\"created_at\"", -1).length)
                            .as(operation + "?" + page)
                            .isLessThanOrEqualTo(101);
                }
                walked++;
            }
        }
        assertThat(walked).isGreaterThan(5);
    }

    private static String bulk(int jobs) {
        String each = "{\"payload\":{}},";
        return "{\"queue_name\":\"many\",\"jobs\":[" + each.repeat(jobs).replaceAll(",$", "") + "]}";
    }

    /// Every operation with a body: one that is announced as too large is refused before it is sent, one that
    /// unpacks to too much when it does.
    @Test
    void bodiesAreBounded() throws IOException {
        byte[] bomb = bomb(32);
        assertThat(bomb.length).isLessThan(64 * 1024);
        for (var operation : Surface.operations()) {
            if (!operation.members().isEmpty()) {
                String announced = Wire.announcing(
                        SERVER,
                        operation.method(),
                        operation.at("x"),
                        17 * MIB,
                        "Authorization: Bearer " + SERVER.key,
                        "X-Admin-Key: " + TestServer.ADMIN_KEY);
                assertThat(announced).as(operation.toString()).matches("HTTP/1.1 (4|501).*");
                var answer = SERVER.send(SERVER.to(operation.at("x"))
                        .header("Content-Type", "application/json")
                        .header("Content-Encoding", "gzip")
                        .header("Authorization", "Bearer " + SERVER.key)
                        .header("X-Admin-Key", TestServer.ADMIN_KEY)
                        .timeout(Duration.ofSeconds(10))
                        .method(operation.method(), BodyPublishers.ofByteArray(bomb)));
                // A thing that is not there may be said first; nothing is taken.
                assertThat(answer.statusCode()).as(operation.toString()).isIn(413, 401, 403, 404, 429, 501);
            }
        }
    }

    private static byte[] bomb(int mebibytes) throws IOException {
        var packed = new ByteArrayOutputStream();
        try (var out = new GZIPOutputStream(packed)) {
            byte[] spaces = " ".repeat(MIB).getBytes(java.nio.charset.StandardCharsets.US_ASCII);
            for (int i = 0; i < mebibytes; i++) {
                out.write(spaces);
            }
        }
        return packed.toByteArray();
    }

    /// Small texts that are costly to take apart.
    @Test
    void costlyTextsAreRefused() {
        List<String> costly = List.of(
                "[".repeat(100_000),
                "{\"queue_name\":\"q\",\"payload\":" + "[".repeat(50_000) + "]".repeat(50_000) + "}",
                "{\"queue_name\":\"q\",\"payload\":{" + "\"a\":{".repeat(5_000) + "}".repeat(5_000) + "}}",
                "{\"queue_name\":\"q\",\"payload\":{},\"priority\":" + "9".repeat(100_000) + "}",
                "{\"queue_name\":\"q\",\"payload\":{},\"priority\":1e999999999}",
                "{\"queue_name\":\"q\",\"payload\":{},\"scheduled_at\":\"" + "9".repeat(100_000) + "\"}",
                "{\"queue_name\":\"" + "q".repeat(100_000) + "\",\"payload\":{}}",
                "{\"queue_name\":\"q\",\"payload\":{},\"tags\":{\"t\":\"" + "x".repeat(70_000) + "\"}}",
                bulk(101));
        for (String json : costly) {
            long begun = System.nanoTime();
            var answer = SERVER.post(json.startsWith("{\"queue_name\":\"many") ? "/jobs/bulk" : "/jobs", json);
            assertThat(answer.statusCode()).as(answer.body()).isIn(400, 413);
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(3));
        }
    }

    /// A cron expression, a pattern and a list of ids may not cost more than they are long.
    @Test
    void costlyQuestionsAreBounded() {
        String ids = "0,".repeat(1_000);
        assertThat(SERVER.get("/jobs/status?ids=" + ids).statusCode()).isEqualTo(400);
        assertThat(SERVER.get("/jobs/status?ids=" + "0".repeat(20_000)).statusCode())
                .isIn(400, 414, 431);
        assertThat(SERVER.get("/events?queue=" + "*a".repeat(60)).statusCode()).isEqualTo(400);
        for (String cron :
                List.of("0 0 30 2 *", "* * * * * * * * *", "*/0 * * * *", "0-59/1".repeat(30) + " * * * *")) {
            var answer = SERVER.post("/schedules/preview", "{\"cron_expression\":\"" + cron + "\",\"count\":1000000}");
            assertThat(answer.statusCode()).as(cron).isEqualTo(400);
        }
        var page = SERVER.post("/schedules/preview", "{\"cron_expression\":\"* * * * * *\",\"count\":1000000}");
        assertThat(page.body().length()).isLessThan(20_000);
    }
}
