package dev.spooled.grpc;

import static dev.spooled.grpc.GrpcCalls.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.proto.batch.v1.ClaimBatchesRequest;
import dev.spooled.proto.batch.v1.CompleteBatchRequest;
import dev.spooled.proto.batch.v1.CompleteItem;
import dev.spooled.proto.batch.v1.CompleteOutcome;
import dev.spooled.proto.batch.v1.EnqueueBatchRequest;
import dev.spooled.proto.batch.v1.EnqueueItem;
import dev.spooled.proto.batch.v1.EnqueueOutcome;
import dev.spooled.proto.batch.v1.JobBatch;
import dev.spooled.proto.batch.v1.LeasedJob;
import dev.spooled.proto.v1.JobStatus;
import dev.spooled.support.TestServer;
import io.grpc.Status.Code;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Our own batch service.
class BatchCallsTest {
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

    private static EnqueueItem.Builder item(String queue) {
        return EnqueueItem.newBuilder().setQueueName(queue);
    }

    private static List<EnqueueOutcome> enqueue(EnqueueItem... items) {
        return calls.batches
                .enqueueBatch(EnqueueBatchRequest.newBuilder()
                        .addAllJobs(List.of(items))
                        .build())
                .getOutcomesList();
    }

    private static List<EnqueueOutcome> enqueue(String queue, int count) {
        var request = EnqueueBatchRequest.newBuilder();
        for (int i = 0; i < count; i++) {
            request.addJobs(item(queue).setPayload("{\"n\":" + i + "}"));
        }
        return calls.batches.enqueueBatch(request.build()).getOutcomesList();
    }

    private static Received<ClaimBatchesRequest, JobBatch> claim(String queue, int credits, int batch) {
        Received<ClaimBatchesRequest, JobBatch> received = Received.all();
        calls.batchStreams.claimBatches(
                ClaimBatchesRequest.newBuilder()
                        .setQueueName(queue)
                        .setWorkerId("w1")
                        .setCredits(credits)
                        .setBatchSize(batch)
                        .build(),
                received);
        return received;
    }

    private static List<CompleteOutcome> complete(Iterable<LeasedJob> jobs) {
        var request = CompleteBatchRequest.newBuilder().setWorkerId("w1");
        for (LeasedJob job : jobs) {
            request.addCompletions(CompleteItem.newBuilder()
                    .setJobId(job.getId())
                    .setLeaseId(job.getLeaseId())
                    .setResult("[1e400]"));
        }
        return calls.batches.completeBatch(request.build()).getOutcomesList();
    }

    @Test
    void everyJobOfABatchStandsForItself() {
        var outcomes = enqueue(
                item("mixed")
                        .setPayload(" {\"big\" : 123456789012345678901234567890} ")
                        .build(),
                item("a b").build(),
                item("mixed").setPayload("{broken").build(),
                item("mixed").setPayload("1 2").build(),
                item("mixed").setPayload("{\"a\":1},\"x\":2").build(),
                item("mixed").setPayload("\"" + "x".repeat(1_001) + "\"").build(),
                item("mixed")
                        .setMaxRetries(0)
                        .setIdempotencyKey("k")
                        .putTags("a", "b")
                        .build(),
                item("mixed").setIdempotencyKey("k").build());
        assertThat(outcomes).hasSize(8);
        assertThat(outcomes.get(0).getCreated()).isTrue();
        assertThat(outcomes.subList(1, 6))
                .allMatch(outcome -> outcome.getError().getCode().equals("INVALID_ARGUMENT"))
                .allMatch(outcome -> outcome.getJobId().isEmpty());
        assertThat(outcomes.get(6).getCreated()).isTrue();
        assertThat(outcomes.get(7).getCreated()).isFalse();
        assertThat(outcomes.get(7).getJobId()).isEqualTo(outcomes.get(6).getJobId());
        assertThat(calls.get(outcomes.get(6).getJobId()).getMaxRetries()).isZero();
        assertThat(server.get("/jobs/" + outcomes.get(0).getJobId()).body())
                .contains("\"payload\":{\"big\":123456789012345678901234567890}");
    }

    @Test
    void batchesAreBounded() {
        assertRefused(Code.INVALID_ARGUMENT, "1 to 1000", () -> enqueue("bounds", 0));
        assertRefused(Code.INVALID_ARGUMENT, "1 to 1000", () -> enqueue("bounds", 1_001));
        assertRefused(Code.INVALID_ARGUMENT, "1 to 1000", () -> complete(List.of()));
    }

    /// A thousand jobs go through a worker with fifty credits.
    @Test
    void creditComesBackAsJobsAreSettled() {
        assertThat(enqueue("credits", 1_000)).allMatch(EnqueueOutcome::getCreated);
        var stream = claim("credits", 50, 20);
        int done = 0;
        var inHand = new ArrayList<LeasedJob>();
        while (inHand.size() < 50) {
            JobBatch batch = stream.next();
            assertThat(batch.getJobsCount()).isBetween(1, 20);
            inHand.addAll(batch.getJobsList());
        }
        stream.assertQuiet(200);
        while (done < 1_000) {
            assertThat(inHand.size()).isLessThanOrEqualTo(50);
            assertThat(complete(inHand)).allMatch(CompleteOutcome::getSuccess);
            done += inHand.size();
            inHand.clear();
            if (done < 1_000) {
                inHand.addAll(stream.next().getJobsList());
            }
        }
        stream.assertQuiet(100);
        stream.cancel();
    }

    @Test
    void everyCompletionStandsForItself() {
        enqueue("completions", 2);
        var stream = claim("completions", 0, 0);
        var jobs = new ArrayList<LeasedJob>();
        while (jobs.size() < 2) {
            jobs.addAll(stream.next().getJobsList());
        }
        assertThat(jobs.getFirst().getPayload()).isEqualTo("{\"n\":0}");
        assertThat(jobs.getFirst().getLeaseExpiresAt().getSeconds()
                        - jobs.getFirst().getStartedAt().getSeconds())
                .isEqualTo(300);
        jobs.add(
                1,
                jobs.getFirst().toBuilder()
                        .setLeaseId(UUID.randomUUID().toString())
                        .build());
        jobs.add(LeasedJob.newBuilder().setId(UUID.randomUUID().toString()).build());
        jobs.add(LeasedJob.getDefaultInstance());
        var outcomes = complete(jobs);
        assertThat(outcomes).extracting(CompleteOutcome::getSuccess).containsSubsequence(true, true, false, false);
        assertThat(outcomes.get(2).getSuccess()).isTrue();
        assertThat(outcomes.get(3).getError().getCode()).isEqualTo("NOT_FOUND");
        assertThat(outcomes.get(4).getError().getCode()).isEqualTo("INVALID_ARGUMENT");
        var done = calls.get(jobs.getFirst().getId());
        assertThat(done.getStatus()).isEqualTo(JobStatus.JOB_STATUS_COMPLETED);
        assertThat(server.get("/jobs/" + done.getId()).body()).contains("\"result\":[1e400]");
        stream.cancel();
    }

    @Test
    void aStreamBeginsWithTheChecksOfADequeue() {
        assertThat(claim("a b", 1, 1).end().getCode()).isEqualTo(Code.INVALID_ARGUMENT);
        String key = text(server.post("/api-keys", "{\"name\":\"one\",\"queues\":[\"other\"]}")
                .body());
        try (var by = GrpcCalls.to(server, key)) {
            Received<ClaimBatchesRequest, JobBatch> received = Received.all();
            by.batchStreams.claimBatches(
                    ClaimBatchesRequest.newBuilder()
                            .setQueueName("mine")
                            .setWorkerId("w1")
                            .build(),
                    received);
            assertThat(received.end().getCode()).isEqualTo(Code.PERMISSION_DENIED);
            var outcomes = by.batches
                    .enqueueBatch(EnqueueBatchRequest.newBuilder()
                            .addJobs(item("mine"))
                            .addJobs(item("other"))
                            .build())
                    .getOutcomesList();
            assertThat(outcomes.get(0).getError().getCode()).isEqualTo("PERMISSION_DENIED");
            assertThat(outcomes.get(1).getCreated()).isTrue();
        }
    }

    private static String text(String json) {
        var found = java.util.regex.Pattern.compile("\"key\":\"([^\"]*)\"").matcher(json);
        assertThat(found.find()).as(json).isTrue();
        return found.group(1);
    }
}
