package dev.spooled.grpc;

import static dev.spooled.grpc.GrpcCalls.assertRefused;
import static dev.spooled.grpc.GrpcCalls.struct;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ListValue;
import com.google.protobuf.NullValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Timestamp;
import com.google.protobuf.Value;
import dev.spooled.proto.v1.CompleteRequest;
import dev.spooled.proto.v1.DequeueRequest;
import dev.spooled.proto.v1.EnqueueRequest;
import dev.spooled.proto.v1.FailRequest;
import dev.spooled.proto.v1.GetJobRequest;
import dev.spooled.proto.v1.GetQueueStatsRequest;
import dev.spooled.proto.v1.Job;
import dev.spooled.proto.v1.JobStatus;
import dev.spooled.proto.v1.RenewLeaseRequest;
import dev.spooled.support.TestServer;
import io.grpc.Status.Code;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The unary methods of QueueService: defaults, statuses and texts, and that REST sees the same.
class QueueCallsTest {
    private static TestServer server;
    private static GrpcCalls calls;

    @BeforeAll
    static void start() {
        server = new TestServer();
        calls = GrpcCalls.to(server);
    }

    @AfterAll
    static void stop() {
        calls.close();
        server.close();
    }

    private static EnqueueRequest.Builder job(String queue) {
        return EnqueueRequest.newBuilder().setQueueName(queue);
    }

    // ---- enqueue

    @Test
    void aJobOfZerosHasTheDefaults() {
        var answer = calls.queue.enqueue(job("zeros").build());
        assertThat(answer.getCreated()).isTrue();
        Job job = calls.get(answer.getJobId());
        assertThat(job.getMaxRetries()).isEqualTo(3);
        assertThat(job.getTimeoutSeconds()).isEqualTo(300);
        assertThat(job.getPriority()).isZero();
        assertThat(job.getStatus()).isEqualTo(JobStatus.JOB_STATUS_PENDING);
        assertThat(job.hasPayload()).isTrue();
        assertThat(job.getPayload()).isEqualTo(Struct.getDefaultInstance());
        assertThat(job.hasScheduledAt()).isFalse();
        assertThat(job.getOrganizationId()).isEqualTo(server.organization.toString());
    }

    @Test
    void everyFieldArrives() {
        var answer = calls.queue.enqueue(job("full")
                .setPriority(-7)
                .setMaxRetries(9)
                .setTimeoutSeconds(100_000)
                .setIdempotencyKey("full-1")
                .putTags("env", "prod")
                .setScheduledAt(Timestamp.newBuilder()
                        .setSeconds(server.clock.now().getEpochSecond() + 60)
                        .setNanos(123_456_000))
                .build());
        Job job = calls.get(answer.getJobId());
        assertThat(job.getStatus()).isEqualTo(JobStatus.JOB_STATUS_SCHEDULED);
        assertThat(job.getScheduledAt().getNanos()).isEqualTo(123_456_000);
        assertThat(job.getPriority()).isEqualTo(-7);
        assertThat(job.getMaxRetries()).isEqualTo(9);
        assertThat(job.getTimeoutSeconds()).as("clamped").isEqualTo(86_400);
        assertThat(job.getIdempotencyKey()).isEqualTo("full-1");
        assertThat(server.get("/jobs/" + job.getId()).body()).contains("\"tags\":{\"env\": \"prod\"}");
        var again = calls.queue.enqueue(job("full").setIdempotencyKey("full-1").build());
        assertThat(again.getCreated()).isFalse();
        assertThat(again.getJobId()).isEqualTo(job.getId());
    }

    @Test
    void wholeNumbersComeBackOverRestAsIntegers() {
        var list = ListValue.newBuilder()
                .addValues(Value.newBuilder().setNumberValue(1))
                .addValues(Value.newBuilder().setNumberValue(-0.5))
                .addValues(Value.newBuilder().setNumberValue(9_007_199_254_740_992d))
                .addValues(Value.newBuilder().setNumberValue(1e300))
                .addValues(Value.newBuilder().setNullValue(NullValue.NULL_VALUE))
                .addValues(Value.newBuilder().setBoolValue(true))
                .addValues(Value.newBuilder().setStringValue("a\"\\\n\u0001\u00e9\ud83d\ude00"))
                .build();
        var payload = Struct.newBuilder()
                .putFields("count", Value.newBuilder().setNumberValue(42).build())
                .putFields("list", Value.newBuilder().setListValue(list).build())
                .build();
        String id =
                calls.queue.enqueue(job("numbers").setPayload(payload).build()).getJobId();
        assertThat(server.get("/jobs/" + id).body())
                .contains("\"count\":42,")
                .contains("[1,-0.5,9007199254740992,1.0E300,null,true,\"a\\\"\\\\\\n\\u0001\u00e9\ud83d\ude00\"]");
        assertThat(calls.get(id).getPayload()).isEqualTo(payload);
    }

    /// Over REST a payload may be anything.
    @Test
    void exactAndStrangePayloadsOfRestDoNotBreakGrpc() {
        var cases = new String[][] {
            {"{\"big\":123456789012345678901234567890,\"huge\":1e400}", "big"},
            {"[1,2,3]", null},
            {"\"text\"", null},
            {"null", null},
            {"{\"deep\":" + "[".repeat(60) + "]".repeat(60) + "}", null},
        };
        for (String[] each : cases) {
            var made = server.post("/jobs", "{\"queue_name\":\"strange\",\"payload\":" + each[0] + "}");
            assertThat(made.statusCode()).isEqualTo(201);
            Job job = calls.dequeue("strange", 1).getFirst();
            assertThat(job.hasPayload()).as(each[0]).isEqualTo(each[1] != null);
            if (each[1] != null) {
                assertThat(job.getPayload().getFieldsOrThrow("big").getNumberValue())
                        .isEqualTo(123456789012345678901234567890d);
                assertThat(job.getPayload().getFieldsOrThrow("huge").getNumberValue())
                        .isEqualTo(Double.MAX_VALUE);
            }
            assertThat(server.get("/jobs/" + job.getId()).body()).contains("\"payload\":" + each[0]);
        }
    }

    @Test
    void whatIsWrongIsSaidInTheWordsClientsLookFor() {
        assertRefused(Code.INVALID_ARGUMENT, "Queue name", () -> calls.queue.enqueue(job("").build()));
        assertRefused(
                Code.INVALID_ARGUMENT,
                "Queue name",
                () -> calls.queue.enqueue(job("q".repeat(101)).build()));
        assertRefused(
                Code.INVALID_ARGUMENT,
                "alphanumeric",
                () -> calls.queue.enqueue(job("a b").build()));
        assertRefused(
                Code.INVALID_ARGUMENT,
                "alphanumeric",
                () -> calls.queue.enqueue(job("-a").build()));
        assertRefused(
                Code.INVALID_ARGUMENT,
                "priority",
                () -> calls.queue.enqueue(job("a").setPriority(101).build()));
        assertRefused(
                Code.INVALID_ARGUMENT,
                "max_retries",
                () -> calls.queue.enqueue(job("a").setMaxRetries(101).build()));
        assertRefused(
                Code.INVALID_ARGUMENT,
                "U+0000",
                () -> calls.queue.enqueue(job("a").setPayload(struct(
                                "a", Value.newBuilder().setStringValue("\0").build()))
                        .build()));
        assertRefused(
                Code.INVALID_ARGUMENT,
                "U+0000",
                () -> calls.queue.enqueue(job("a").putTags("a\0", "b").build()));
        assertRefused(
                Code.INVALID_ARGUMENT,
                "NaN",
                () -> calls.queue.enqueue(
                        job("a").setPayload(struct("a", Double.NaN)).build()));
        assertRefused(
                Code.INVALID_ARGUMENT,
                "1970",
                () -> calls.queue.enqueue(
                        job("a").setScheduledAt(Timestamp.newBuilder().setSeconds(Long.MAX_VALUE))
                                .build()));
    }

    /// The test server takes payloads of 1,000 bytes; no gRPC job may be larger than 3.5 MiB.
    @Test
    void payloadsHaveTheLimitOfThePlanAndOfTheMessage() {
        assertRefused(
                Code.RESOURCE_EXHAUSTED,
                "1000 bytes",
                () -> calls.queue.enqueue(job("a").setPayload(text(1_001)).build()));
        assertRefused(
                Code.INVALID_ARGUMENT,
                "exceeds",
                () -> calls.queue.enqueue(job("a").setPayload(text(3_700_000)).build()));
        assertRefused(
                Code.RESOURCE_EXHAUSTED,
                "4194304",
                () -> calls.queue.enqueue(job("a").setPayload(text(5_000_000)).build()));
    }

    private static Struct text(int length) {
        return struct("t", Value.newBuilder().setStringValue("x".repeat(length)).build());
    }

    // ---- dequeue

    @Test
    void aDequeueLeasesInOrderForFiveMinutes() {
        String low = calls.enqueue("order");
        String high = calls.queue.enqueue(job("order").setPriority(5).build()).getJobId();
        String last = calls.enqueue("order");
        var jobs = calls.dequeue("order", 2);
        assertThat(jobs).extracting(Job::getId).containsExactly(high, low);
        Job first = jobs.getFirst();
        assertThat(first.getStatus()).isEqualTo(JobStatus.JOB_STATUS_PROCESSING);
        assertThat(first.getAssignedWorkerId()).isEqualTo("w1");
        assertThat(UUID.fromString(first.getLeaseId())).isNotNull();
        assertThat(first.getLeaseExpiresAt().getSeconds() - first.getStartedAt().getSeconds())
                .isEqualTo(300);
        assertThat(calls.dequeue("order", 0)).extracting(Job::getId).containsExactly(last);
        assertThat(calls.dequeue("order", 100)).isEmpty();
        assertThat(calls.dequeue("never-used", 1)).isEmpty();
    }

    @Test
    void leasesAreBroughtIntoTheirRange() {
        for (int[] each : new int[][] {{0, 300}, {-1, 300}, {1, 5}, {60, 60}, {1_000_000, 3_600}}) {
            calls.enqueue("leases");
            Job job = calls.queue
                    .dequeue(DequeueRequest.newBuilder()
                            .setQueueName("leases")
                            .setWorkerId("w1")
                            .setLeaseDurationSecs(each[0])
                            .build())
                    .getJobs(0);
            assertThat(job.getLeaseExpiresAt().getSeconds() - server.clock.now().getEpochSecond())
                    .isEqualTo(each[1]);
        }
    }

    @Test
    void aDequeueNeedsAWorker() {
        assertRefused(
                Code.INVALID_ARGUMENT,
                "Worker ID",
                () -> calls.queue.dequeue(
                        DequeueRequest.newBuilder().setQueueName("a").build()));
    }

    // ---- settling

    private static CompleteRequest completion(String job, String worker, String lease) {
        return CompleteRequest.newBuilder()
                .setJobId(job)
                .setWorkerId(worker)
                .setLeaseId(lease)
                .build();
    }

    private static FailRequest failure(String job, String worker, String lease) {
        return FailRequest.newBuilder()
                .setJobId(job)
                .setWorkerId(worker)
                .setLeaseId(lease)
                .setError("boom")
                .setRetry(true)
                .build();
    }

    private static RenewLeaseRequest renewal(String job, String worker, String lease) {
        return RenewLeaseRequest.newBuilder()
                .setJobId(job)
                .setWorkerId(worker)
                .setLeaseId(lease)
                .build();
    }

    @Test
    void aCompletionKeepsItsResult() {
        Job job = calls.held("complete");
        var result = struct("rows", 7);
        assertThat(calls.queue
                        .complete(completion(job.getId(), "w1", job.getLeaseId()).toBuilder()
                                .setResult(result)
                                .build())
                        .getSuccess())
                .isTrue();
        Job done = calls.get(job.getId());
        assertThat(done.getStatus()).isEqualTo(JobStatus.JOB_STATUS_COMPLETED);
        assertThat(done.getResult()).isEqualTo(result);
        assertThat(done.hasCompletedAt()).isTrue();
        assertThat(server.get("/jobs/" + job.getId()).body()).contains("\"result\":{\"rows\":7}");
        Job without = calls.held("complete");
        calls.complete(without);
        assertThat(calls.get(without.getId()).hasResult()).isFalse();
        assertThat(server.get("/jobs/" + without.getId()).body()).contains("\"result\":null");
    }

    @Test
    void anOldClientSendsNoLease() {
        Job job = calls.held("old");
        assertThat(calls.queue.renewLease(renewal(job.getId(), "w1", "")).getSuccess())
                .isTrue();
        assertThat(calls.queue.complete(completion(job.getId(), "w1", "")).getSuccess())
                .isTrue();
        assertRefused(Code.NOT_FOUND, "not found", () -> calls.queue.complete(completion(job.getId(), "w1", "")));
    }

    @Test
    void aFailureIsRetriedOnlyWhenAsked() {
        Job job = calls.held("fail");
        var retried = calls.queue.fail(failure(job.getId(), "w1", job.getLeaseId()));
        assertThat(retried.getSuccess()).isTrue();
        assertThat(retried.getWillRetry()).isTrue();
        assertThat(retried.getNextRetryDelaySecs()).isPositive();
        Job waiting = calls.get(job.getId());
        assertThat(waiting.getStatus()).isEqualTo(JobStatus.JOB_STATUS_PENDING);
        assertThat(waiting.getRetryCount()).isEqualTo(1);
        assertThat(waiting.getLastError()).isEqualTo("boom");
        assertThat(waiting.getScheduledAt().getSeconds() - server.clock.now().getEpochSecond())
                .isEqualTo(retried.getNextRetryDelaySecs());

        Job other = calls.held("fail");
        var dead = calls.queue.fail(FailRequest.newBuilder()
                .setJobId(other.getId())
                .setWorkerId("w1")
                .setError("\u00e9".repeat(5_000))
                .build());
        assertThat(dead.getWillRetry()).isFalse();
        assertThat(dead.getNextRetryDelaySecs()).isZero();
        Job buried = calls.get(other.getId());
        assertThat(buried.getStatus()).isEqualTo(JobStatus.JOB_STATUS_DEADLETTER);
        assertThat(buried.getLastError()).isEqualTo("\u00e9".repeat(2_048));
        assertThat(server.get("/jobs/dlq").body()).contains(other.getId());
    }

    @Test
    void anEmptyErrorIsStored() {
        Job job = calls.held("empty");
        calls.queue.fail(
                FailRequest.newBuilder().setJobId(job.getId()).setWorkerId("w1").build());
        assertThat(calls.get(job.getId()).getLastError()).isEmpty();
        assertThat(server.get("/jobs/" + job.getId()).body()).contains("\"last_error\":\"\"");
    }

    @Test
    void aRenewalReplacesTheEnd() {
        Job job = calls.held("renew");
        var answer = calls.queue.renewLease(renewal(job.getId(), "w1", job.getLeaseId()).toBuilder()
                .setExtensionSecs(10)
                .build());
        assertThat(answer.getSuccess()).isTrue();
        assertThat(answer.getNewExpiresAt().getSeconds() - server.clock.now().getEpochSecond())
                .isEqualTo(10);
        var usual = calls.queue.renewLease(renewal(job.getId(), "w1", job.getLeaseId()));
        assertThat(usual.getNewExpiresAt().getSeconds() - server.clock.now().getEpochSecond())
                .isEqualTo(300);
    }

    /// First column of the table: the job is unknown to the caller, or settled.
    @Test
    void aJobThatIsNotThere() {
        String nobody = UUID.randomUUID().toString();
        Job done = calls.held("gone");
        calls.complete(done);
        for (String id : new String[] {nobody, "no-id", done.getId()}) {
            for (String lease : new String[] {"", UUID.randomUUID().toString()}) {
                assertRefused(Code.NOT_FOUND, "not found", () -> calls.queue.complete(completion(id, "w1", lease)));
                assertRefused(Code.NOT_FOUND, "not found", () -> calls.queue.fail(failure(id, "w1", lease)));
            }
            assertRefused(
                    Code.NOT_FOUND,
                    "Job not found",
                    () -> calls.queue.renewLease(
                            renewal(id, "w1", UUID.randomUUID().toString())));
            var quiet = calls.queue.renewLease(renewal(id, "w1", ""));
            assertThat(quiet.getSuccess()).isFalse();
            assertThat(quiet.hasNewExpiresAt()).isFalse();
        }
    }

    @Test
    void aJobOfAnotherWorker() {
        Job job = calls.held("others");
        assertRefused(Code.NOT_FOUND, "not found", () -> calls.queue.complete(completion(job.getId(), "w2", "")));
        assertRefused(Code.NOT_FOUND, "not found", () -> calls.queue.fail(failure(job.getId(), "w2", "")));
        assertThat(calls.queue.renewLease(renewal(job.getId(), "w2", "")).getSuccess())
                .isFalse();
        String wrong = UUID.randomUUID().toString();
        assertRefused(
                Code.FAILED_PRECONDITION,
                "Lease expired",
                () -> calls.queue.complete(completion(job.getId(), "w1", wrong)));
        assertRefused(
                Code.FAILED_PRECONDITION,
                "Lease expired",
                () -> calls.queue.renewLease(renewal(job.getId(), "w1", "no-lease")));
        calls.complete(job);
    }

    @Test
    void anExpiredLease() {
        Job job = calls.held("expired");
        server.clock.advance(Duration.ofSeconds(301));
        for (String lease : new String[] {"", job.getLeaseId()}) {
            assertRefused(
                    Code.FAILED_PRECONDITION,
                    "Lease expired",
                    () -> calls.queue.complete(completion(job.getId(), "w1", lease)));
            assertRefused(
                    Code.FAILED_PRECONDITION,
                    "Lease expired",
                    () -> calls.queue.renewLease(renewal(job.getId(), "w1", lease)));
        }
        server.chores.reap().runOnce();
        assertRefused(
                Code.FAILED_PRECONDITION,
                "Lease expired",
                () -> calls.queue.complete(completion(job.getId(), "w1", job.getLeaseId())));
        Job again = calls.queue
                .dequeue(DequeueRequest.newBuilder()
                        .setQueueName("expired")
                        .setWorkerId("w2")
                        .build())
                .getJobs(0);
        assertThat(again.getId()).isEqualTo(job.getId());
        assertThat(again.getRetryCount()).isEqualTo(1);
        assertRefused(
                Code.FAILED_PRECONDITION,
                "Lease expired",
                () -> calls.queue.fail(failure(job.getId(), "w1", job.getLeaseId())));
        assertThat(calls.queue.renewLease(renewal(job.getId(), "w1", "")).getSuccess())
                .as("in other hands, and no lease was named")
                .isFalse();
        assertThat(calls.queue
                        .complete(completion(job.getId(), "w2", again.getLeaseId()))
                        .getSuccess())
                .isTrue();
        assertRefused(
                Code.NOT_FOUND,
                "Job not found",
                () -> calls.queue.complete(completion(job.getId(), "w1", job.getLeaseId())));
    }

    @Test
    void theSameAcknowledgementAgainIsAnsweredAgain() {
        Job job = calls.held("again");
        calls.complete(job);
        calls.complete(job);
        assertRefused(
                Code.FAILED_PRECONDITION,
                "lease",
                () -> calls.queue.fail(failure(job.getId(), "w1", job.getLeaseId())));
        Job other = calls.held("again");
        int delay = calls.queue
                .fail(failure(other.getId(), "w1", other.getLeaseId()))
                .getNextRetryDelaySecs();
        var repeated = calls.queue.fail(failure(other.getId(), "w1", other.getLeaseId()));
        assertThat(repeated.getWillRetry()).isTrue();
        assertThat(repeated.getNextRetryDelaySecs()).isEqualTo(delay);
    }

    @Test
    void acknowledgementsNeedAJobAndAWorker() {
        assertRefused(Code.INVALID_ARGUMENT, "Job ID", () -> calls.queue.complete(completion("", "w1", "")));
        assertRefused(Code.INVALID_ARGUMENT, "Worker ID", () -> calls.queue.fail(failure("a", "", "")));
        assertRefused(Code.INVALID_ARGUMENT, "Worker ID", () -> calls.queue.renewLease(renewal("a", "", "")));
        assertRefused(Code.INVALID_ARGUMENT, "Job ID", () -> calls.queue.getJob(GetJobRequest.getDefaultInstance()));
    }

    // ---- looking

    @Test
    void anUnknownJobIsAnAnswerWithoutAJob() {
        for (String id : new String[] {UUID.randomUUID().toString(), "no-id"}) {
            assertThat(calls.queue
                            .getJob(GetJobRequest.newBuilder().setJobId(id).build())
                            .hasJob())
                    .isFalse();
        }
    }

    @Test
    void theFiguresOfAQueue() {
        calls.enqueue("figures");
        server.clock.advance(Duration.ofMillis(1_500));
        calls.enqueue("figures");
        calls.dequeue("figures", 1);
        Job dead = calls.held("figures-2");
        calls.queue.fail(FailRequest.newBuilder()
                .setJobId(dead.getId())
                .setWorkerId("w1")
                .build());
        var stats = calls.queue.getQueueStats(
                GetQueueStatsRequest.newBuilder().setQueueName("figures").build());
        assertThat(stats.getQueueName()).isEqualTo("figures");
        assertThat(stats.getPending()).isEqualTo(1);
        assertThat(stats.getProcessing()).isEqualTo(1);
        assertThat(stats.getTotal()).isEqualTo(2);
        server.clock.advance(Duration.ofMillis(250));
        assertThat(calls.queue
                        .getQueueStats(GetQueueStatsRequest.newBuilder()
                                .setQueueName("figures")
                                .build())
                        .getMaxAgeMs())
                .isEqualTo(250);
        assertThat(calls.queue
                        .getQueueStats(GetQueueStatsRequest.newBuilder()
                                .setQueueName("figures-2")
                                .build())
                        .getDeadletter())
                .isEqualTo(1);
        var unknown = calls.queue.getQueueStats(
                GetQueueStatsRequest.newBuilder().setQueueName("nobody-s").build());
        assertThat(unknown.getQueueName()).isEqualTo("nobody-s");
        assertThat(unknown.getTotal()).isZero();
    }
}
