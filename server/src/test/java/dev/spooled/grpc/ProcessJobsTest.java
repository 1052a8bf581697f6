package dev.spooled.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.proto.v1.CompleteRequest;
import dev.spooled.proto.v1.DequeueRequest;
import dev.spooled.proto.v1.FailRequest;
import dev.spooled.proto.v1.Job;
import dev.spooled.proto.v1.JobStatus;
import dev.spooled.proto.v1.ProcessRequest;
import dev.spooled.proto.v1.ProcessResponse;
import dev.spooled.proto.v1.ProcessResponse.ResponseCase;
import dev.spooled.proto.v1.RenewLeaseRequest;
import dev.spooled.support.Await;
import dev.spooled.support.TestServer;
import io.grpc.Status.Code;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.UUID;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// ProcessJobs: one answer to each request, in their order, with the effects of the unary methods.
class ProcessJobsTest {
    private final TestServer server = new TestServer();
    private final GrpcCalls calls = GrpcCalls.to(server);

    @AfterEach
    void stop() {
        calls.close();
        server.close();
    }

    /// Both sides of a stream.
    private record Stream(StreamObserver<ProcessRequest> to, Received<ProcessRequest, ProcessResponse> from) {
        void send(ProcessRequest... requests) {
            List.of(requests).forEach(to::onNext);
        }

        ProcessResponse ask(ProcessRequest request) {
            to.onNext(request);
            return from.next();
        }
    }

    private static Stream stream(GrpcCalls by) {
        Received<ProcessRequest, ProcessResponse> received = Received.all();
        return new Stream(by.streams.processJobs(received), received);
    }

    private static ProcessRequest dequeue(String queue) {
        return ProcessRequest.newBuilder()
                .setDequeue(DequeueRequest.newBuilder()
                        .setQueueName(queue)
                        .setWorkerId("w1")
                        .setBatchSize(50))
                .build();
    }

    private static ProcessRequest complete(String job, String lease) {
        return ProcessRequest.newBuilder()
                .setComplete(CompleteRequest.newBuilder()
                        .setJobId(job)
                        .setWorkerId("w1")
                        .setLeaseId(lease))
                .build();
    }

    private static ProcessRequest fail(Job job) {
        return ProcessRequest.newBuilder()
                .setFail(FailRequest.newBuilder()
                        .setJobId(job.getId())
                        .setWorkerId("w1")
                        .setLeaseId(job.getLeaseId())
                        .setError("boom")
                        .setRetry(true))
                .build();
    }

    private static ProcessRequest renew(String job, String lease) {
        return ProcessRequest.newBuilder()
                .setRenewLease(RenewLeaseRequest.newBuilder()
                        .setJobId(job)
                        .setWorkerId("w1")
                        .setLeaseId(lease))
                .build();
    }

    private static void assertError(ProcessResponse answer, String code) {
        assertThat(answer.getResponseCase()).as(answer.toString()).isEqualTo(ResponseCase.ERROR);
        assertThat(answer.getError().getCode()).isEqualTo(code);
        assertThat(answer.getError().getMessage()).isNotEmpty();
    }

    @Test
    void oneAnswerToEachRequest() {
        calls.enqueue("each");
        calls.enqueue("each");
        var stream = stream(calls);
        Job job = stream.ask(dequeue("each")).getJob();
        assertThat(job.getStatus()).isEqualTo(JobStatus.JOB_STATUS_PROCESSING);
        assertThat(stream.ask(renew(job.getId(), job.getLeaseId()))
                        .getRenewLease()
                        .getSuccess())
                .isTrue();
        assertThat(stream.ask(complete(job.getId(), job.getLeaseId()))
                        .getComplete()
                        .getSuccess())
                .isTrue();
        Job second = stream.ask(dequeue("each")).getJob();
        assertThat(stream.ask(fail(second)).getFail().getWillRetry()).isTrue();
        assertThat(stream.ask(dequeue("each")).getError().getMessage()).contains("No jobs available");
        stream.to.onCompleted();
        assertThat(stream.from.end().isOk()).isTrue();
        assertThat(calls.get(job.getId()).getStatus()).isEqualTo(JobStatus.JOB_STATUS_COMPLETED);
    }

    @Test
    void errorsAreAnswersAndDoNotEndTheStream() {
        var stream = stream(calls);
        assertError(stream.ask(dequeue("empty")), "NO_JOBS");
        assertError(stream.ask(dequeue("a b")), "INVALID_ARGUMENT");
        assertError(stream.ask(ProcessRequest.getDefaultInstance()), "INVALID_REQUEST");
        String nobody = UUID.randomUUID().toString();
        assertError(stream.ask(complete(nobody, "")), "NOT_FOUND");
        assertError(stream.ask(renew(nobody, "")), "NOT_FOUND");
        assertError(stream.ask(complete("", "")), "INVALID_ARGUMENT");
        Job job = calls.held("errors");
        assertError(stream.ask(complete(job.getId(), nobody)), "LEASE_EXPIRED");
        server.rate.leave(0);
        assertError(stream.ask(dequeue("empty")), "RATE_LIMIT_EXCEEDED");
        server.rate.leave(1);
        assertThat(stream.ask(complete(job.getId(), job.getLeaseId()))
                        .getComplete()
                        .getSuccess())
                .isTrue();
    }

    @Test
    void aKeyForOtherQueuesIsDenied() {
        Job job = calls.held("mine");
        String key = text(
                server.post("/api-keys", "{\"name\":\"one\",\"queues\":[\"other\"]}")
                        .body(),
                "key");
        try (var by = GrpcCalls.to(server, key)) {
            var stream = stream(by);
            assertError(stream.ask(dequeue("mine")), "PERMISSION_DENIED");
            assertError(stream.ask(complete(job.getId(), job.getLeaseId())), "NOT_FOUND");
        }
    }

    @Test
    void aRevokedKeyEndsTheStreamAfterItsAnswer() {
        var made = server.post("/api-keys", "{\"name\":\"short\"}").body();
        try (var by = GrpcCalls.to(server, text(made, "key"))) {
            var stream = stream(by);
            assertError(stream.ask(dequeue("a")), "NO_JOBS");
            server.delete("/api-keys/" + text(made, "id"));
            assertError(stream.ask(dequeue("a")), "UNAUTHENTICATED");
            assertThat(stream.from.end().getCode()).isEqualTo(Code.UNAUTHENTICATED);
        }
    }

    /// Requests that are sent ahead are answered in their order, each for itself.
    @Test
    void manyRequestsMayBeSentAhead() {
        int jobs = 200;
        for (int i = 0; i < jobs; i++) {
            calls.enqueue("ahead");
        }
        var stream = stream(calls);
        for (int i = 0; i < jobs; i++) {
            stream.send(dequeue("ahead"), renew("no-such-job-" + i, "x"));
        }
        var held = new ArrayList<Job>();
        for (int i = 0; i < jobs; i++) {
            held.add(stream.from.next().getJob());
            ProcessResponse error = stream.from.next();
            assertError(error, "NOT_FOUND");
            assertThat(error.getError().getMessage()).endsWith("no-such-job-" + i);
        }
        assertThat(new HashSet<>(held.stream().map(Job::getId).toList())).hasSize(jobs);
        for (Job job : held) {
            stream.send(
                    complete(job.getId(), job.getLeaseId()),
                    complete(job.getId(), UUID.randomUUID().toString()));
        }
        stream.send(dequeue("ahead"));
        stream.to.onCompleted();
        for (int i = 0; i < jobs; i++) {
            assertThat(stream.from.next().getComplete().getSuccess()).isTrue();
            assertError(stream.from.next(), "NOT_FOUND");
        }
        assertError(stream.from.next(), "NO_JOBS");
        assertThat(stream.from.end().isOk()).isTrue();
    }

    /// A client that sends and does not read is served only so far: nothing more is claimed for it.
    @Test
    void aClientThatDoesNotReadIsNotServed() {
        int jobs = 600;
        for (int i = 0; i < jobs; i++) {
            enqueueLarge("unread");
        }
        var channel = io.grpc.netty.NettyChannelBuilder.forAddress(
                        "127.0.0.1", server.grpc().port())
                .usePlaintext()
                .flowControlWindow(65_535)
                .build();
        try {
            Received<ProcessRequest, ProcessResponse> from = Received.byHand();
            StreamObserver<ProcessRequest> to = dev.spooled.proto.v1.QueueServiceGrpc.newStub(channel)
                    .withInterceptors(io.grpc.stub.MetadataUtils.newAttachHeadersInterceptor(GrpcCalls.key(server.key)))
                    .processJobs(from);
            for (int i = 0; i < jobs; i++) {
                to.onNext(dequeue("unread"));
            }
            long[] last = {-1, 0};
            long held = Await.until(this::processing, now -> {
                last[1] = now == last[0] && now > 0 ? last[1] + 1 : 0;
                last[0] = now;
                return last[1] == 20;
            });
            assertThat(held).isBetween(20L, 250L);
            from.cancel();
            Await.until(server.grpc()::openStreams, open -> open == 0);
            long kept = processing();
            assertThat(kept).as("those that left").isBetween(20L, held);
            List<Job> some = calls.dequeue("unread", 100);
            assertThat(some).hasSize(100).allMatch(job -> job.getRetryCount() == 0);
        } finally {
            channel.shutdownNow();
        }
    }

    private long processing() {
        var found = Pattern.compile("\"processing_jobs\":(\\d+)")
                .matcher(server.get("/queues/unread/stats").body());
        assertThat(found.find()).isTrue();
        return Long.parseLong(found.group(1));
    }

    private void enqueueLarge(String queue) {
        var text = com.google.protobuf.Value.newBuilder()
                .setStringValue("x".repeat(900))
                .build();
        calls.queue.enqueue(dev.spooled.proto.v1.EnqueueRequest.newBuilder()
                .setQueueName(queue)
                .setPayload(GrpcCalls.struct("t", text))
                .build());
    }

    @Test
    void aStopFinishesWhatCameInThenEndsTheStream() {
        Job job = calls.held("stop");
        var stream = stream(calls);
        stream.ask(dequeue("none"));
        stream.send(complete(job.getId(), job.getLeaseId()));
        assertThat(stream.from.next().getComplete().getSuccess()).isTrue();
        server.stopServing();
        assertThat(stream.from.end().getCode()).isEqualTo(Code.UNAVAILABLE);
    }

    private static String text(String json, String name) {
        var found = Pattern.compile("\"" + name + "\":\"([^\"]*)\"").matcher(json);
        assertThat(found.find()).as(json).isTrue();
        return found.group(1);
    }
}
