package dev.spooled.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Value;
import dev.spooled.proto.v1.CompleteRequest;
import dev.spooled.proto.v1.EnqueueRequest;
import dev.spooled.proto.v1.Job;
import dev.spooled.proto.v1.QueueServiceGrpc;
import dev.spooled.proto.v1.StreamJobsRequest;
import dev.spooled.support.Await;
import dev.spooled.support.TestServer;
import io.grpc.Metadata;
import io.grpc.Status.Code;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// StreamJobs: what is pushed, what holds it back, and what happens to leases when a stream breaks.
class StreamJobsTest {
    private final TestServer server = new TestServer();
    private final GrpcCalls calls = GrpcCalls.to(server);

    @AfterEach
    void stop() {
        calls.close();
        server.close();
    }

    private static StreamJobsRequest asked(String queue) {
        return StreamJobsRequest.newBuilder()
                .setQueueName(queue)
                .setWorkerId("w1")
                .build();
    }

    private Received<StreamJobsRequest, Job> stream(GrpcCalls by, String queue) {
        Received<StreamJobsRequest, Job> received = Received.all();
        by.streams.streamJobs(asked(queue), received);
        return received;
    }

    @Test
    void jobsArePushedAsTheyCome() {
        String before = calls.enqueue("push");
        var stream = stream(calls, "push");
        Job first = stream.next();
        assertThat(first.getId()).isEqualTo(before);
        assertThat(first.getLeaseExpiresAt().getSeconds() - server.clock.now().getEpochSecond())
                .isEqualTo(300);
        for (int i = 0; i < 20; i++) {
            String id = calls.enqueue("push");
            Job job = stream.next();
            assertThat(job.getId()).isEqualTo(id);
            calls.complete(job);
        }
        assertThat(stream.isOpen()).isTrue();
    }

    @Test
    void nothingIsSentWhileTheQueueIsPaused() {
        assertThat(server.post("/queues/paused/pause", "").statusCode()).isEqualTo(200);
        calls.enqueue("paused");
        var stream = stream(calls, "paused");
        stream.assertQuiet(300);
        assertThat(server.post("/queues/paused/resume", "").statusCode()).isEqualTo(200);
        assertThat(stream.next().getQueueName()).isEqualTo("paused");
    }

    /// A client with a small window that does not read: only what the window holds, and one job more, is leased.
    @Test
    void aClientThatDoesNotReadIsGivenNoMore() {
        int jobs = 300;
        for (int i = 0; i < jobs; i++) {
            enqueueLarge("slow");
        }
        var channel = NettyChannelBuilder.forAddress("127.0.0.1", server.grpc().port())
                .usePlaintext()
                .flowControlWindow(65_535)
                .build();
        try {
            Received<StreamJobsRequest, Job> received = Received.byHand();
            QueueServiceGrpc.newStub(channel)
                    .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(GrpcCalls.key(server.key)))
                    .streamJobs(asked("slow"), received);
            long held = settledAt(() -> processing("slow"));
            assertThat(held).isBetween(20L, 150L);
            received.cancel();
            var backAgain = Await.until(() -> processing("slow"), now -> now == held - 1);
            assertThat(backAgain).as("the one that had not left").isEqualTo(held - 1);
            var rest = new HashSet<String>();
            for (List<Job> some = calls.dequeue("slow", 100); !some.isEmpty(); some = calls.dequeue("slow", 100)) {
                some.forEach(job -> {
                    assertThat(job.getRetryCount()).isZero();
                    rest.add(job.getId());
                });
            }
            assertThat(rest).hasSize((int) (jobs - held + 1));
        } finally {
            channel.shutdownNow();
        }
    }

    private void enqueueLarge(String queue) {
        var text = Value.newBuilder().setStringValue("x".repeat(900)).build();
        calls.queue.enqueue(EnqueueRequest.newBuilder()
                .setQueueName(queue)
                .setPayload(GrpcCalls.struct("t", text))
                .build());
    }

    private long processing(String queue) {
        var found = Pattern.compile("\"processing_jobs\":(\\d+)|\"processing\":(\\d+)")
                .matcher(server.get("/queues/" + queue + "/stats").body());
        assertThat(found.find()).isTrue();
        return Long.parseLong(found.group(1) == null ? found.group(2) : found.group(1));
    }

    /// The figure once it stands still.
    private static long settledAt(java.util.function.LongSupplier figure) {
        long[] last = {-1, 0};
        return Await.until(figure::getAsLong, now -> {
            last[1] = now == last[0] && now > 0 ? last[1] + 1 : 0;
            last[0] = now;
            return last[1] == 20;
        });
    }

    @Test
    void aClientThatLeftIsGivenNothing() {
        var stream = stream(calls, "left");
        Await.until(server::awaitedQueues, awaited -> awaited == 1);
        stream.cancel();
        assertThat(stream.end().getCode()).isEqualTo(Code.CANCELLED);
        Await.until(server.grpc()::openStreams, open -> open == 0);
        String id = calls.enqueue("left");
        Job job = calls.dequeue("left", 1).getFirst();
        assertThat(job.getId()).isEqualTo(id);
        assertThat(job.getRetryCount()).isZero();
    }

    /// What was delivered stays with its worker, though the stream is gone.
    @Test
    void aDeliveredJobKeepsItsLease() {
        calls.enqueue("kept");
        var stream = stream(calls, "kept");
        Job job = stream.next();
        stream.cancel();
        Await.until(server.grpc()::openStreams, open -> open == 0);
        assertThat(calls.dequeue("kept", 1)).isEmpty();
        calls.complete(job);
    }

    @Test
    void aRevokedKeyEndsTheStream() {
        var made = server.post("/api-keys", "{\"name\":\"short\"}").body();
        try (var by = GrpcCalls.to(server, text(made, "key"))) {
            var stream = stream(by, "revoked");
            Await.until(server::awaitedQueues, awaited -> awaited == 1);
            assertThat(server.delete("/api-keys/" + text(made, "id")).statusCode())
                    .isEqualTo(204);
            assertThat(stream.end().getCode()).isEqualTo(Code.UNAUTHENTICATED);
        }
    }

    @Test
    void aNarrowedKeyEndsTheStream() {
        var made = server.post("/api-keys", "{\"name\":\"narrow\"}").body();
        try (var by = GrpcCalls.to(server, text(made, "key"))) {
            var stream = stream(by, "narrowed");
            Await.until(server::awaitedQueues, awaited -> awaited == 1);
            assertThat(server.put("/api-keys/" + text(made, "id"), "{\"queues\":[\"other\"]}")
                            .statusCode())
                    .isEqualTo(200);
            assertThat(stream.end().getCode()).isEqualTo(Code.PERMISSION_DENIED);
        }
    }

    @Test
    void theRateDelaysButDoesNotEnd() {
        for (int i = 0; i < 3; i++) {
            calls.enqueue("rate");
        }
        server.rate.leave(2);
        var stream = stream(calls, "rate");
        stream.next(2);
        stream.assertQuiet(300);
        server.rate.leave(10);
        stream.next();
        assertThat(stream.isOpen()).isTrue();
    }

    @Test
    void noMoreThanSoManyInFlight() {
        for (int i = 0; i < 4; i++) {
            calls.enqueue("flight");
        }
        var headers = GrpcCalls.key(server.key);
        headers.put(Metadata.Key.of("x-spooled-max-inflight", Metadata.ASCII_STRING_MARSHALLER), "2");
        try (var by = GrpcCalls.to(server.grpc().port(), headers)) {
            var stream = stream(by, "flight");
            List<Job> two = stream.next(2);
            stream.assertQuiet(300);
            server.post(
                    "/jobs/" + two.get(0).getId() + "/complete",
                    "{\"worker_id\":\"w1\",\"lease_id\":\"" + two.get(0).getLeaseId() + "\"}");
            Job third = stream.next();
            stream.assertQuiet(300);
            server.clock.advance(Duration.ofSeconds(301));
            server.chores.reap().runOnce();
            assertThat(stream.next(2)).as("leases that ran out give room, too").hasSize(2);
            assertThat(third.getRetryCount()).isZero();
        }
        var wrong = GrpcCalls.key(server.key);
        wrong.put(Metadata.Key.of("x-spooled-max-inflight", Metadata.ASCII_STRING_MARSHALLER), "many");
        try (var by = GrpcCalls.to(server.grpc().port(), wrong)) {
            assertThat(stream(by, "flight").end().getCode()).isEqualTo(Code.INVALID_ARGUMENT);
        }
    }

    @Test
    void aStopEndsTheStream() {
        var stream = stream(calls, "stop");
        Await.until(server::awaitedQueues, awaited -> awaited == 1);
        server.stopServing();
        assertThat(stream.end().getCode()).isEqualTo(Code.UNAVAILABLE);
    }

    @Test
    void settlingIsUnary() {
        calls.enqueue("settle");
        Job job = stream(calls, "settle").next();
        assertThat(calls.queue
                        .complete(CompleteRequest.newBuilder()
                                .setJobId(job.getId())
                                .setWorkerId("w1")
                                .build())
                        .getSuccess())
                .isTrue();
    }

    private static String text(String json, String name) {
        var found = Pattern.compile("\"" + name + "\":\"([^\"]*)\"").matcher(json);
        assertThat(found.find()).as(json).isTrue();
        return found.group(1);
    }
}
