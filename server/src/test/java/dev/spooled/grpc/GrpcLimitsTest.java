package dev.spooled.grpc;

import static dev.spooled.grpc.GrpcCalls.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.proto.batch.v1.EnqueueBatchRequest;
import dev.spooled.proto.batch.v1.EnqueueItem;
import dev.spooled.proto.batch.v1.EnqueueOutcome;
import dev.spooled.proto.v1.EnqueueRequest;
import dev.spooled.proto.v1.Job;
import dev.spooled.proto.v1.ProcessRequest;
import dev.spooled.proto.v1.ProcessResponse;
import dev.spooled.proto.v1.StreamJobsRequest;
import dev.spooled.support.Await;
import dev.spooled.support.TestServer;
import io.grpc.Status.Code;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The plan at the gRPC door: the same caps and buckets as over REST.
class GrpcLimitsTest {
    private static final String FAST = "\"rate_limit_requests_per_second\":100000,\"rate_limit_burst\":100000";

    private static TestServer server;

    @BeforeAll
    static void open() {
        server = TestServer.withPlans();
    }

    @AfterAll
    static void close() {
        server.close();
    }

    private static GrpcCalls calls(@Nullable String limits) {
        return GrpcCalls.to(server, server.organizationOf("free", limits).key().key());
    }

    @Test
    void activeJobs() {
        try (GrpcCalls calls = calls("{" + FAST + "}")) {
            for (int i = 0; i < 10; i++) {
                calls.enqueue("q");
            }
            assertRefused(Code.RESOURCE_EXHAUSTED, "active_jobs limit reached (10 of 10)", () -> calls.enqueue("q"));
            calls.complete(calls.dequeue("q", 1).getFirst());
            calls.enqueue("q");
        }
    }

    /// Streams of one organization, whichever kind; unary calls are none.
    @Test
    void streams() {
        var made = server.organizationOf("pro", "{\"max_grpc_streams\":2}");
        String key = made.key().key();
        try (var client = GrpcCalls.to(server, key);
                var other = GrpcCalls.to(
                        server, server.organizationOf("pro", null).key().key())) {
            var first = Received.<StreamJobsRequest, Job>all();
            client.streams.streamJobs(streamOf("a"), first);
            var second = Received.<ProcessRequest, ProcessResponse>all();
            var unused = client.streams.processJobs(second);
            Await.until(() -> server.grpc().placesTaken(), taken -> taken == 2);
            var third = Received.<StreamJobsRequest, Job>all();
            client.streams.streamJobs(streamOf("a"), third);
            assertThat(third.end().getCode()).isEqualTo(Code.RESOURCE_EXHAUSTED);
            assertThat(third.end().getDescription()).contains("2 gRPC streams");
            assertThat(client.enqueue("unary")).isNotEmpty();
            var elsewhere = Received.<StreamJobsRequest, Job>all();
            other.streams.streamJobs(streamOf("a"), elsewhere);
            Await.until(() -> server.grpc().placesTaken(), taken -> taken == 3);
            first.cancel();
            Await.until(() -> server.grpc().placesTaken(), taken -> taken == 2);
            var fourth = Received.<StreamJobsRequest, Job>all();
            client.streams.streamJobs(streamOf("a"), fourth);
            Await.until(() -> server.grpc().placesTaken(), taken -> taken == 3);
        }
        Await.until(() -> server.grpc().placesTaken(), taken -> taken == 0);
    }

    private static StreamJobsRequest streamOf(String queue) {
        return StreamJobsRequest.newBuilder()
                .setQueueName(queue)
                .setWorkerId("w")
                .build();
    }

    @Test
    void requests() {
        try (GrpcCalls calls = calls(null)) {
            for (int i = 0; i < 10; i++) {
                calls.enqueue("q");
            }
            assertRefused(Code.RESOURCE_EXHAUSTED, "Rate limit exceeded", () -> calls.dequeue("q", 1));
        }
    }

    @Test
    void payloads() {
        try (GrpcCalls calls = calls("{" + FAST + ",\"max_payload_size_bytes\":20}")) {
            assertRefused(
                    Code.RESOURCE_EXHAUSTED,
                    "20 bytes",
                    () -> calls.queue.enqueue(EnqueueRequest.newBuilder()
                            .setQueueName("q")
                            .setPayload(GrpcCalls.struct("a-long-name-of-a-number", 1))
                            .build()));
        }
    }

    @Test
    void itemsOfABatchStandEachForItself() {
        try (GrpcCalls calls = calls("{" + FAST + ",\"max_active_jobs\":250}")) {
            var request = EnqueueBatchRequest.newBuilder();
            for (int i = 0; i < 300; i++) {
                request.addJobs(EnqueueItem.newBuilder().setQueueName("q"));
            }
            List<EnqueueOutcome> outcomes =
                    calls.batches.enqueueBatch(request.build()).getOutcomesList();
            assertThat(outcomes.stream().filter(EnqueueOutcome::getCreated)).hasSize(250);
            assertThat(outcomes.stream().filter(EnqueueOutcome::hasError))
                    .hasSize(50)
                    .allMatch(it -> it.getError().getCode().equals("QUOTA_EXCEEDED"));
        }
    }
}
