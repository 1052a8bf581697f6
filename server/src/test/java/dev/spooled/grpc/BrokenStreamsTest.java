package dev.spooled.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Value;
import dev.spooled.proto.batch.v1.ClaimBatchesRequest;
import dev.spooled.proto.batch.v1.JobBatch;
import dev.spooled.proto.v1.DequeueRequest;
import dev.spooled.proto.v1.EnqueueRequest;
import dev.spooled.proto.v1.Job;
import dev.spooled.proto.v1.ProcessRequest;
import dev.spooled.proto.v1.ProcessResponse;
import dev.spooled.proto.v1.StreamJobsRequest;
import dev.spooled.support.Await;
import dev.spooled.support.CuttingProxy;
import dev.spooled.support.TestServer;
import io.grpc.Status.Code;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Connections that die in the middle of each kind of call, and where every job is afterwards: what had left the server
/// is leased, all else is back within two seconds without an attempt counted, and in the end each is done once.
class BrokenStreamsTest {
    private static final int JOBS = 200;
    private static final Duration BACK_WITHIN = Duration.ofSeconds(2);

    private final TestServer server = new TestServer();
    private final GrpcCalls calls = GrpcCalls.to(server);
    private final Set<String> enqueued = new HashSet<>();
    private CuttingProxy proxy = proxy();

    private CuttingProxy proxy() {
        try {
            return CuttingProxy.before(server.grpc().port());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @BeforeEach
    void jobs() {
        var text = Value.newBuilder().setStringValue("x".repeat(900)).build();
        for (int i = 0; i < JOBS; i++) {
            enqueued.add(calls.queue
                    .enqueue(EnqueueRequest.newBuilder()
                            .setQueueName("cut")
                            .setPayload(GrpcCalls.struct("t", text))
                            .build())
                    .getJobId());
        }
    }

    @AfterEach
    void stop() throws IOException {
        calls.close();
        server.close();
        proxy.close();
    }

    /// Cuts the line of a client in the middle of its stream, then settles accounts.
    private void cutDuring(Consumer<GrpcCalls> stream) throws IOException {
        try (var client = GrpcCalls.to(proxy.port(), GrpcCalls.key(server.key))) {
            stream.accept(client);
            long cut = System.nanoTime();
            proxy.cutAll();
            Await.until(server.grpc()::openStreams, open -> open == 0);
            assertThat(Duration.ofNanos(System.nanoTime() - cut)).isLessThan(BACK_WITHIN);
        }
        settleAccounts();
    }

    /// What is pending was never tried; what is leased comes back when its lease ends; nothing else is left.
    private void settleAccounts() {
        Set<String> untried = completeAll(0);
        long leased = JOBS - completed();
        server.clock.advance(Duration.ofSeconds(301));
        while (server.chores.reap().runOnce()) {}
        Set<String> tried = completeAll(1);
        assertThat(tried).hasSize((int) leased);
        tried.retainAll(untried);
        assertThat(tried).isEmpty();
        assertThat(completed()).isEqualTo(JOBS);
        for (String id : enqueued) {
            assertThat(server.get("/jobs/" + id).body()).contains("\"status\":\"completed\"");
        }
    }

    private Set<String> completeAll(int retries) {
        var seen = new HashSet<String>();
        for (List<Job> some = calls.dequeue("cut", 100); !some.isEmpty(); some = calls.dequeue("cut", 100)) {
            for (Job job : some) {
                assertThat(job.getRetryCount()).isEqualTo(retries);
                assertThat(seen.add(job.getId())).isTrue();
                calls.complete(job);
            }
        }
        return seen;
    }

    private long completed() {
        var found = Pattern.compile("\"completed_jobs\":(\\d+)|\"completed\":(\\d+)")
                .matcher(server.get("/queues/cut/stats").body());
        assertThat(found.find()).isTrue();
        return Long.parseLong(found.group(1) == null ? found.group(2) : found.group(1));
    }

    @Test
    void streamJobs() throws IOException {
        cutDuring(client -> {
            Received<StreamJobsRequest, Job> received = Received.all();
            client.streams.streamJobs(
                    StreamJobsRequest.newBuilder()
                            .setQueueName("cut")
                            .setWorkerId("w1")
                            .build(),
                    received);
            received.next(30);
        });
    }

    @Test
    void streamJobsOfAClientThatDoesNotRead() throws IOException {
        cutDuring(client -> {
            Received<StreamJobsRequest, Job> received = Received.byHand();
            client.streams.streamJobs(
                    StreamJobsRequest.newBuilder()
                            .setQueueName("cut")
                            .setWorkerId("w1")
                            .build(),
                    received);
            received.read(1);
            received.next();
        });
    }

    @Test
    void processJobsWithManyRequestsUnderWay() throws IOException {
        cutDuring(client -> {
            Received<ProcessRequest, ProcessResponse> received = Received.all();
            StreamObserver<ProcessRequest> to = client.streams.processJobs(received);
            var dequeue = ProcessRequest.newBuilder()
                    .setDequeue(DequeueRequest.newBuilder().setQueueName("cut").setWorkerId("w1"))
                    .build();
            for (int i = 0; i < JOBS; i++) {
                to.onNext(dequeue);
            }
            for (Job job :
                    received.next(20).stream().map(ProcessResponse::getJob).toList()) {
                to.onNext(ProcessRequest.newBuilder()
                        .setComplete(dev.spooled.proto.v1.CompleteRequest.newBuilder()
                                .setJobId(job.getId())
                                .setWorkerId("w1")
                                .setLeaseId(job.getLeaseId()))
                        .build());
            }
        });
    }

    @Test
    void claimBatches() throws IOException {
        cutDuring(client -> {
            Received<ClaimBatchesRequest, JobBatch> received = Received.all();
            client.batchStreams.claimBatches(
                    ClaimBatchesRequest.newBuilder()
                            .setQueueName("cut")
                            .setWorkerId("w1")
                            .setCredits(150)
                            .setBatchSize(10)
                            .build(),
                    received);
            received.next(3);
        });
    }

    /// A claim that is carried out after its caller's time was up is undone.
    @Test
    void aDequeueWhoseTimeIsUp() throws SQLException {
        try (Connection lock = server.database.connect();
                Statement statement = lock.createStatement()) {
            lock.setAutoCommit(false);
            statement.execute("lock table lease in exclusive mode");
            var status = GrpcCalls.failure(() -> calls.queue
                    .withDeadlineAfter(200, TimeUnit.MILLISECONDS)
                    .dequeue(DequeueRequest.newBuilder()
                            .setQueueName("cut")
                            .setWorkerId("w1")
                            .setBatchSize(100)
                            .build()));
            assertThat(status.getCode()).isEqualTo(Code.DEADLINE_EXCEEDED);
            lock.rollback();
        }
        var found = new ArrayList<Job>();
        Await.until(
                () -> {
                    found.addAll(calls.dequeue("cut", 100));
                    return found.size();
                },
                size -> size == JOBS);
        assertThat(found).allMatch(job -> job.getRetryCount() == 0);
        found.forEach(calls::complete);
        settleAccounts();
    }
}
