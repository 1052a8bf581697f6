package dev.spooled.cells;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spooled.moving.Export;
import dev.spooled.moving.Import;
import dev.spooled.proto.v1.EnqueueRequest;
import dev.spooled.proto.v1.QueueServiceGrpc;
import dev.spooled.support.Await;
import dev.spooled.support.Receiver;
import dev.spooled.support.TestServer;
import io.grpc.Metadata;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.StringReader;
import java.io.StringWriter;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import tools.jackson.databind.JsonNode;

/// Organizations in two cells: each has what is its own in one of them, and nobody sees which.
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class CellsTest extends TwoCells {
    /// People and keys come out of the directory, work out of the cell.
    @Test
    @Order(1)
    void itIsExportedWhereverItLives() throws IOException {
        Tenant there = tenant(1);
        String done = made(there, "mail", "{\"n\":1}").get("id").asString();
        assertThat(complete(there, claim(there, "mail", 1).get(0)).statusCode()).isEqualTo(200);
        made(there, "mail", "{\"n\":2}");
        assertThatThrownBy(() -> new Export(Map.of(0, zero.address())).write(there.slug(), new StringWriter()))
                .hasMessageContaining("lives in cell 1");
        var file = new StringWriter();
        long rows = new Export(addresses()).write(there.slug(), file);
        try (var other = new TestServer()) {
            var text = new BufferedReader(new StringReader(file.toString()));
            assertThat(new Import(other.database.address()).read(text)).isEqualTo(rows);
            assertThat(JSON.readTree(other.get(there.key(), "/jobs/" + done).body()))
                    .isEqualTo(job(there, done));
            var claimed = other.post(there.key(), "/jobs/claim", "{\"queue_name\":\"mail\",\"worker_id\":\"w\"}");
            assertThat(claimed.body()).contains("{\"n\":2}");
        }
    }

    @Test
    @Order(1)
    void eachLivesInOneCell() {
        Tenant here = tenant(0);
        Tenant there = tenant(1);
        for (Tenant tenant : new Tenant[] {here, there}) {
            JsonNode made = made(tenant, "mail", "{\"n\":1}");
            JsonNode claimed = claim(tenant, "mail", 1).get(0);
            assertThat(claimed.get("payload").toString()).isEqualTo("{\"n\":1}");
            assertThat(complete(tenant, claimed).statusCode()).isEqualTo(200);
            assertThat(job(tenant, made.get("id").asString()).get("status").asString())
                    .isEqualTo("completed");
            assertThat(node.get(tenant.key(), "/api/v1/jobs?limit=10").statusCode())
                    .isEqualTo(200);
        }
        assertThat(jobs(0, here)).isEqualTo(1);
        assertThat(jobs(1, here)).isZero();
        assertThat(jobs(0, there)).isZero();
        assertThat(jobs(1, there)).isEqualTo(1);
        assertThat(count(1, "select count(*) from job where cell <> 1")).isZero();
        assertThat(count(1, "select count(*) from api_key")).isZero();
        assertThat(node.get(
                                here.key(),
                                "/api/v1/jobs/"
                                        + made(there, "mail", "{}").get("id").asString())
                        .statusCode())
                .isEqualTo(404);
    }

    @Test
    @Order(2)
    void queuesAreNumberedOnceOverAllCells() {
        made(tenant(1), "mail", "{}");
        assertThat(count(1, "select min(id) from queue")).isGreaterThan(33_554_432);
        assertThat(count(0, "select coalesce(max(id), 0) from queue")).isLessThan(33_554_432);
    }

    @Test
    @Order(3)
    void aCellHasOneLaneAndOneSetOfChores() {
        assertThat(count(1, "select count(*) from lane_mark where cell = 1")).isEqualTo(1);
        assertThat(count(1, "select count(*) from node")).isEqualTo(1);
        Tenant there = tenant(1);
        var later = node.post(
                there.key(),
                "/jobs",
                "{\"queue_name\":\"later\",\"payload\":{},\"scheduled_at\":\""
                        + java.time.Instant.now().plusMillis(300) + "\"}");
        assertThat(later.statusCode()).as(later.body()).isEqualTo(201);
        var schedule = node.post(
                there.key(),
                "/schedules",
                "{\"name\":\"often\",\"cron_expression\":\"* * * * * *\",\"queue_name\":\"often\",\"payload_template\":{}}");
        assertThat(schedule.statusCode()).as(schedule.body()).isEqualTo(201);
        Await.until(() -> claim(there, "later", 1).size(), found -> found == 1);
        Await.until(() -> claim(there, "often", 1).size(), found -> found == 1);
        Await.until(() -> count(1, "select coalesce(sum(n), 0) from count where org = " + number(there)), n -> n > 0);
    }

    @Test
    @Order(4)
    void plansHoldInEachCell() {
        Tenant capped = tenant(1, ",\"custom_limits\":{\"max_active_jobs\":2,\"max_queues\":1}");
        made(capped, "mail", "{}");
        made(capped, "mail", "{}");
        HttpResponse<String> third = enqueue(capped, "mail", "{}");
        assertThat(third.statusCode()).isBetween(400, 499);
        assertThat(third.body()).contains("active_jobs limit reached (2 of 2)");
        assertThat(count(1, "select count(*) from organization where id = " + number(capped)))
                .isEqualTo(1);
    }

    @Test
    @Order(5)
    void theOperatorSeesAllOfThem() {
        var cells = new HashMap<String, Integer>();
        var used = new HashMap<String, Integer>();
        Tenant here = tenant(0);
        Tenant there = tenant(1);
        made(here, "mail", "{}");
        made(there, "mail", "{}");
        made(there, "mail", "{}");
        String list = node.call("", "GET", "/api/v1/admin/organizations?limit=100", "")
                .body();
        for (JsonNode each : JSON.readTree(list).get("organizations")) {
            cells.put(each.get("slug").asString(), each.get("cell").intValue());
            used.put(
                    each.get("slug").asString(),
                    each.get("usage").get("active_jobs").intValue());
        }
        assertThat(cells).containsAllEntriesOf(Map.of(here.slug(), 0, there.slug(), 1));
        assertThat(used).containsAllEntriesOf(Map.of(here.slug(), 1, there.slug(), 2));
        JsonNode one = JSON.readTree(node.call("", "GET", "/api/v1/admin/organizations/" + there.id(), "")
                .body());
        assertThat(one.get("cell").intValue()).isEqualTo(1);
        assertThat(one.get("api_keys_count").intValue()).isEqualTo(1);
        long queues = count(0, "select count(*) from queue") + count(1, "select count(*) from queue");
        assertThat(JSON.readTree(node.call("", "GET", "/api/v1/admin/stats", "").body())
                        .get("total_queues")
                        .longValue())
                .isEqualTo(queues);
    }

    @Test
    @Order(5)
    void webhooksAreSentFromEachCell() {
        Tenant there = tenant(1);
        try (var receiver = new Receiver()) {
            var made = node.post(
                    there.key(),
                    "/outgoing-webhooks",
                    "{\"name\":\"n\",\"url\":\"" + receiver.url("/hook") + "\",\"events\":[\"job.created\"]}");
            assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
            String job = made(there, "mail", "{}").get("id").asString();
            Await.until(
                    receiver::received,
                    found -> found.stream().anyMatch(it -> it.text().contains(job)));
        }
        assertThat(count(1, "select count(*) from subscription where org = " + number(there)))
                .isEqualTo(1);
    }

    @Test
    @Order(5)
    void liveEventsAndGrpcFollow() throws Exception {
        Tenant there = tenant(1);
        var headers = new Metadata();
        headers.put(Metadata.Key.of("x-api-key", Metadata.ASCII_STRING_MARSHALLER), there.key());
        var channel = NettyChannelBuilder.forAddress("127.0.0.1", node.app().grpcPort())
                .usePlaintext()
                .build();
        try (var client = HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .build();
                InputStream events = client.send(
                                HttpRequest.newBuilder(node.uri("/api/v1/events"))
                                        .header("Authorization", "Bearer " + there.key())
                                        .build(),
                                BodyHandlers.ofInputStream())
                        .body()) {
            String job = QueueServiceGrpc.newBlockingStub(channel)
                    .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
                    .enqueue(EnqueueRequest.newBuilder().setQueueName("calls").build())
                    .getJobId();
            var lines = new BufferedReader(new InputStreamReader(events, StandardCharsets.UTF_8));
            String line = lines.readLine();
            while (!line.contains("JobCreated")) {
                line = lines.readLine();
            }
            assertThat(line).contains(job);
            assertThat(claim(there, "calls", 1).get(0).get("id").asString()).isEqualTo(job);
        } finally {
            channel.shutdownNow();
        }
    }

    @Test
    @Order(6)
    void aCellThatTheServerDoesNotKnowIsRefused() {
        assertThat(node.call(
                                "",
                                "POST",
                                "/api/v1/admin/organizations",
                                "{\"name\":\"Lost\",\"slug\":\"lost-one\",\"cell\":7}")
                        .statusCode())
                .isEqualTo(400);
    }
}
