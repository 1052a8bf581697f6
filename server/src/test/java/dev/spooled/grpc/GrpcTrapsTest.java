package dev.spooled.grpc;

import static dev.spooled.grpc.GrpcCalls.assertRefused;
import static dev.spooled.grpc.GrpcCalls.struct;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.proto.v1.CompleteRequest;
import dev.spooled.proto.v1.DequeueRequest;
import dev.spooled.proto.v1.EnqueueRequest;
import dev.spooled.proto.v1.FailRequest;
import dev.spooled.proto.v1.GetJobRequest;
import dev.spooled.proto.v1.Job;
import dev.spooled.proto.v1.JobStatus;
import dev.spooled.proto.v1.ProcessRequest;
import dev.spooled.proto.v1.ProcessResponse;
import dev.spooled.proto.v1.RenewLeaseRequest;
import dev.spooled.proto.v1.StreamJobsRequest;
import dev.spooled.support.Await;
import dev.spooled.support.TestServer;
import io.grpc.Status.Code;
import io.grpc.stub.StreamObserver;
import java.util.HashSet;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The traps of the wire that concern gRPC, one test each, in the contract's order.
class GrpcTrapsTest {
    private static final int MIB = 1 << 20;

    private static TestServer server;
    private static GrpcCalls calls;

    @BeforeAll
    static void start() {
        server = new TestServer(5 * MIB);
        calls = GrpcCalls.to(server);
    }

    @AfterAll
    static void stop() {
        calls.close();
        server.close();
    }

    @Test
    void trap1AnUnknownJobIsNoErrorToGetAndOneToComplete() {
        String nobody = UUID.randomUUID().toString();
        assertThat(calls.queue
                        .getJob(GetJobRequest.newBuilder().setJobId(nobody).build())
                        .hasJob())
                .isFalse();
        assertRefused(
                Code.NOT_FOUND,
                "not found",
                () -> calls.queue.complete(CompleteRequest.newBuilder()
                        .setJobId(nobody)
                        .setWorkerId("w1")
                        .build()));
    }

    @Test
    void trap2RenewingAsTheWrongWorkerWithoutALeaseIsNoError() {
        Job job = calls.held("trap2");
        var answer = calls.queue.renewLease(RenewLeaseRequest.newBuilder()
                .setJobId(job.getId())
                .setWorkerId("w2")
                .build());
        assertThat(answer.getSuccess()).isFalse();
        assertThat(answer.hasNewExpiresAt()).isFalse();
    }

    @Test
    void trap3ZerosMeanDefaults() {
        calls.enqueue("trap3");
        calls.enqueue("trap3");
        var jobs = calls.queue
                .dequeue(DequeueRequest.newBuilder()
                        .setQueueName("trap3")
                        .setWorkerId("w1")
                        .build())
                .getJobsList();
        assertThat(jobs).hasSize(1);
        Job job = jobs.getFirst();
        assertThat(job.getMaxRetries()).isEqualTo(3);
        assertThat(job.getTimeoutSeconds()).isEqualTo(300);
        assertThat(job.getLeaseExpiresAt().getSeconds() - job.getStartedAt().getSeconds())
                .isEqualTo(300);
        calls.queue.fail(FailRequest.newBuilder()
                .setJobId(job.getId())
                .setWorkerId("w1")
                .setError("x")
                .build());
        assertThat(calls.get(job.getId()).getStatus()).isEqualTo(JobStatus.JOB_STATUS_DEADLETTER);
    }

    @Test
    void trap4NoLeaseIdIsRequired() {
        Job job = calls.held("trap4");
        assertThat(calls.queue
                        .complete(CompleteRequest.newBuilder()
                                .setJobId(job.getId())
                                .setWorkerId("w1")
                                .build())
                        .getSuccess())
                .isTrue();
    }

    @Test
    void trap5OneAnswerPerRequestAndOnlyJobsOnTheOther() {
        var dequeue = ProcessRequest.newBuilder()
                .setDequeue(DequeueRequest.newBuilder()
                        .setQueueName("trap5")
                        .setWorkerId("w1")
                        .setBatchSize(10))
                .build();
        calls.enqueue("trap5");
        calls.enqueue("trap5");
        Received<ProcessRequest, ProcessResponse> answers = Received.all();
        StreamObserver<ProcessRequest> requests = calls.streams.processJobs(answers);
        requests.onNext(dequeue);
        assertThat(answers.next().hasJob()).isTrue();
        answers.assertQuiet(100);
        requests.onNext(dequeue);
        assertThat(answers.next().hasJob()).isTrue();
        requests.onNext(dequeue);
        assertThat(answers.next().getError().getCode()).isEqualTo("NO_JOBS");
        requests.onCompleted();
        Received<StreamJobsRequest, Job> jobs = Received.all();
        calls.streams.streamJobs(
                StreamJobsRequest.newBuilder()
                        .setQueueName("trap5")
                        .setWorkerId("w1")
                        .build(),
                jobs);
        jobs.assertQuiet(300);
        String id = calls.enqueue("trap5");
        assertThat(jobs.next().getId()).isEqualTo(id);
        jobs.cancel();
    }

    @Test
    void trap6IntegersStayIntegersOverRest() {
        String id = calls.queue
                .enqueue(EnqueueRequest.newBuilder()
                        .setQueueName("trap6")
                        .setPayload(struct("n", 42))
                        .build())
                .getJobId();
        assertThat(server.get("/jobs/" + id).body()).contains("\"payload\":{\"n\":42}");
    }

    private static String enqueueOverRest(String queue, int bytes) {
        var made = server.post(
                "/jobs", "{\"queue_name\":\"" + queue + "\",\"payload\":{\"t\":\"" + "x".repeat(bytes) + "\"}}");
        assertThat(made.statusCode()).isEqualTo(201);
        return made.body().replaceAll(".*\"id\":\"([^\"]*)\".*", "$1");
    }

    /// Ten jobs of a megabyte are asked for: three fit, and the others are as if never touched.
    @Test
    void trap7AReplyStaysBelowFourMebibytes() {
        for (int i = 0; i < 10; i++) {
            enqueueOverRest("trap7", MIB);
        }
        var seen = new HashSet<String>();
        for (int size : new int[] {3, 3, 3, 1, 0}) {
            var jobs = calls.dequeue("trap7", 100);
            assertThat(jobs).hasSize(size);
            jobs.forEach(job -> {
                assertThat(job.getRetryCount()).isZero();
                assertThat(seen.add(job.getId())).isTrue();
            });
        }
        assertThat(seen).hasSize(10);
    }

    /// A job that fits into no message is left to workers over REST, and holds up no other.
    @Test
    void jobsTooLargeForAMessageArePassedOver() {
        String large = enqueueOverRest("large", 4 * MIB);
        for (int i = 0; i < 4; i++) {
            enqueueOverRest("large", 4 * MIB);
        }
        String small = calls.enqueue("large");
        assertThat(calls.dequeue("large", 1)).extracting(Job::getId).containsExactly(small);
        assertThat(calls.dequeue("large", 1)).isEmpty();
        Received<StreamJobsRequest, Job> stream = Received.all();
        calls.streams.streamJobs(
                StreamJobsRequest.newBuilder()
                        .setQueueName("large")
                        .setWorkerId("w1")
                        .build(),
                stream);
        stream.assertQuiet(300);
        String later = calls.enqueue("large");
        assertThat(stream.next().getId()).isEqualTo(later);
        stream.cancel();
        Await.until(server.grpc()::openStreams, open -> open == 0);
        assertRefused(
                Code.RESOURCE_EXHAUSTED,
                "over REST",
                () -> calls.queue.getJob(
                        GetJobRequest.newBuilder().setJobId(large).build()));
        String claimed = server.post("/jobs/claim", "{\"queue_name\":\"large\",\"worker_id\":\"w2\"}")
                .body();
        assertThat(claimed).contains("\"id\":\"" + large + "\"").contains("\"retry_count\":0");
    }

    /// Many small numbers are little as JSON and much as a Struct: measured is what is sent.
    @Test
    void theSizeIsThatOfTheMessage() {
        String numbers = "1,".repeat(MIB / 2) + "1";
        var made = server.post("/jobs", "{\"queue_name\":\"numbers\",\"payload\":{\"n\":[" + numbers + "]}}");
        assertThat(made.statusCode()).isEqualTo(201);
        assertThat(calls.dequeue("numbers", 1)).isEmpty();
    }
}
