package dev.spooled.grpc;

import static dev.spooled.grpc.GrpcCalls.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import dev.spooled.proto.v1.CompleteRequest;
import dev.spooled.proto.v1.DequeueRequest;
import dev.spooled.proto.v1.DeregisterRequest;
import dev.spooled.proto.v1.EnqueueRequest;
import dev.spooled.proto.v1.GetQueueStatsRequest;
import dev.spooled.proto.v1.HeartbeatRequest;
import dev.spooled.proto.v1.Job;
import dev.spooled.proto.v1.RegisterWorkerRequest;
import dev.spooled.proto.v1.StreamJobsRequest;
import dev.spooled.support.TestServer;
import io.grpc.Metadata;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.sql.SQLException;
import java.util.Objects;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Credentials, queue lists and rates at the gRPC door.
class EntranceTest {
    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    private final TestServer server = new TestServer();
    private final GrpcCalls calls = GrpcCalls.to(server);

    @BeforeEach
    void aJob() {
        calls.enqueue("mine");
    }

    @AfterEach
    void stop() {
        calls.close();
        server.close();
    }

    private void with(Metadata headers, java.util.function.Consumer<GrpcCalls> work) {
        try (var client = GrpcCalls.to(server.grpc().port(), headers)) {
            work.accept(client);
        }
    }

    private void assertUnauthenticated(Metadata headers, String text) {
        with(headers, it -> {
            assertRefused(Code.UNAUTHENTICATED, text, () -> it.dequeue("mine", 1));
            assertRefused(Code.UNAUTHENTICATED, text, () -> streamed(it, "mine"));
        });
    }

    private static boolean streamed(GrpcCalls calls, String queue) {
        return calls.queue
                .streamJobs(StreamJobsRequest.newBuilder()
                        .setQueueName(queue)
                        .setWorkerId("w1")
                        .build())
                .hasNext();
    }

    @Test
    void wrongCredentialsAreToldApartByTheirTexts() {
        assertUnauthenticated(new Metadata(), "Missing x-api-key or authorization header");
        assertUnauthenticated(GrpcCalls.key("sk_live_nobody"), "Invalid API key");
        assertUnauthenticated(GrpcCalls.key(" "), "Invalid API key");
        assertUnauthenticated(GrpcCalls.key("k".repeat(5_000)), "Invalid API key");
    }

    @Test
    void aKeyComesInManyWays() {
        String other = "sp_" + server.key.substring(3);
        for (String value : new String[] {server.key, " " + server.key + " ", other}) {
            with(GrpcCalls.key(value), it -> assertThat(it.enqueue("mine")).isNotEmpty());
        }
        for (String value : new String[] {"Bearer " + server.key, "bearer " + server.key, server.key}) {
            var headers = new Metadata();
            headers.put(AUTHORIZATION, value);
            with(headers, it -> assertThat(it.enqueue("mine")).isNotEmpty());
        }
        var both = GrpcCalls.key("sk_live_nobody");
        both.put(AUTHORIZATION, "Bearer " + server.key);
        assertUnauthenticated(both, "Invalid API key");
    }

    @Test
    void aRevokedKeyIsRefusedAtOnce() {
        var made = server.post("/api-keys", "{\"name\":\"short\"}").body();
        String key = text(made, "key");
        with(GrpcCalls.key(key), it -> {
            it.enqueue("mine");
            assertThat(server.delete("/api-keys/" + text(made, "id")).statusCode())
                    .isEqualTo(204);
            assertRefused(Code.UNAUTHENTICATED, "Invalid API key", () -> it.enqueue("mine"));
        });
    }

    @Test
    void anotherOrganizationSeesNothing() {
        Job job = calls.dequeue("mine", 1).getFirst();
        with(GrpcCalls.key(server.otherOrganization()), it -> {
            assertThat(it.get(job.getId())).isEqualTo(Job.getDefaultInstance());
            assertThat(it.dequeue("mine", 1)).isEmpty();
            assertRefused(Code.NOT_FOUND, "Job not found", () -> it.queue.complete(completion(job)));
            assertThat(it.queue
                            .getQueueStats(GetQueueStatsRequest.newBuilder()
                                    .setQueueName("mine")
                                    .build())
                            .getTotal())
                    .isZero();
        });
        calls.complete(job);
    }

    private static CompleteRequest completion(Job job) {
        return CompleteRequest.newBuilder()
                .setJobId(job.getId())
                .setWorkerId("w1")
                .setLeaseId(job.getLeaseId())
                .build();
    }

    @Test
    void aKeyForSomeQueuesSeesOnlyThose() {
        Job job = calls.dequeue("mine", 1).getFirst();
        String worker = calls.workers
                .register(RegisterWorkerRequest.newBuilder()
                        .setQueueName("mine")
                        .setHostname("h")
                        .build())
                .getWorkerId();
        String key = text(
                server.post("/api-keys", "{\"name\":\"one\",\"queues\":[\"other\"]}")
                        .body(),
                "key");
        with(GrpcCalls.key(key), it -> {
            it.enqueue("other");
            for (Supplier<?> call : java.util.List.<Supplier<?>>of(
                    () -> it.enqueue("mine"),
                    () -> it.dequeue("mine", 1),
                    () -> streamed(it, "mine"),
                    () -> it.queue.getQueueStats(GetQueueStatsRequest.newBuilder()
                            .setQueueName("mine")
                            .build()),
                    () -> it.workers.register(RegisterWorkerRequest.newBuilder()
                            .setQueueName("mine")
                            .build()))) {
                assertRefused(Code.PERMISSION_DENIED, "mine", call);
            }
            assertThat(it.get(job.getId())).isEqualTo(Job.getDefaultInstance());
            assertRefused(Code.NOT_FOUND, "Job not found", () -> it.queue.complete(completion(job)));
            assertThat(it.workers
                            .heartbeat(HeartbeatRequest.newBuilder()
                                    .setWorkerId(worker)
                                    .build())
                            .getAcknowledged())
                    .isFalse();
            assertThat(it.workers
                            .deregister(DeregisterRequest.newBuilder()
                                    .setWorkerId(worker)
                                    .build())
                            .getSuccess())
                    .isFalse();
        });
        calls.complete(job);
    }

    @Test
    void aStrictOrganizationWantsTheLease() {
        Job job = calls.dequeue("mine", 1).getFirst();
        try (var connection = server.database.connect();
                var statement = connection.createStatement()) {
            statement.execute("update organization set strict_leases = true");
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
        with(GrpcCalls.key(freshKey()), it -> {
            assertRefused(
                    Code.INVALID_ARGUMENT,
                    "lease_id is required",
                    () -> it.queue.complete(
                            completion(job).toBuilder().clearLeaseId().build()));
            it.complete(job);
        });
    }

    private String freshKey() {
        return text(server.post("/api-keys", "{\"name\":\"fresh\"}").body(), "key");
    }

    @Test
    void everyUnaryCallCostsOneOfTheRate() {
        server.rate.leave(2);
        calls.enqueue("mine");
        calls.dequeue("mine", 1);
        try {
            calls.enqueue("mine");
            throw new AssertionError("a call too many was answered");
        } catch (StatusRuntimeException e) {
            assertThat(e.getStatus().getCode()).isEqualTo(Code.RESOURCE_EXHAUSTED);
            assertThat(e.getStatus().getDescription()).contains("Rate limit exceeded");
            var details = Objects.requireNonNull(StatusProto.fromThrowable(e)).getDetailsList();
            assertThat(details).hasSize(2);
            try {
                assertThat(details.get(0).unpack(ErrorInfo.class).getReason()).isEqualTo("RATE_LIMIT_EXCEEDED");
                assertThat(details.get(1)
                                .unpack(RetryInfo.class)
                                .getRetryDelay()
                                .getSeconds())
                        .isEqualTo(1);
            } catch (com.google.protobuf.InvalidProtocolBufferException broken) {
                throw new AssertionError(broken);
            }
        }
    }

    @Test
    void aBrokenLimiterLetsCallsPass() {
        server.rate.breakDown();
        assertThat(calls.enqueue("mine")).isNotEmpty();
    }

    @Test
    void aDequeueWithoutAQueueIsRefusedBeforeAllElse() {
        assertRefused(
                Code.INVALID_ARGUMENT,
                "Queue name",
                () -> calls.queue.dequeue(
                        DequeueRequest.newBuilder().setWorkerId("w1").build()));
        assertRefused(Code.INVALID_ARGUMENT, "Queue name", () -> streamed(calls, ""));
        assertRefused(
                Code.INVALID_ARGUMENT, "Queue name", () -> calls.queue.enqueue(EnqueueRequest.getDefaultInstance()));
    }

    private static String text(String json, String name) {
        var found =
                java.util.regex.Pattern.compile("\"" + name + "\":\"([^\"]*)\"").matcher(json);
        assertThat(found.find()).as(json).isTrue();
        return found.group(1);
    }
}
