package dev.spooled.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.proto.v1.CompleteRequest;
import dev.spooled.proto.v1.DequeueRequest;
import dev.spooled.proto.v1.EnqueueRequest;
import dev.spooled.proto.v1.GetJobRequest;
import dev.spooled.proto.v1.GetQueueStatsRequest;
import dev.spooled.proto.v1.Job;
import dev.spooled.proto.v1.JobStatus;
import dev.spooled.proto.v1.ProcessRequest;
import dev.spooled.proto.v1.ProcessResponse;
import dev.spooled.proto.v1.QueueServiceGrpc;
import dev.spooled.proto.v1.StreamJobsRequest;
import dev.spooled.support.Await;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// kill -9 of the server in the middle of StreamJobs and of ProcessJobs: every job enqueued is done in the end,
/// and none is answered as completed under two leases.
@Tag("chaos")
class GrpcKillTest {
    private static final int JOBS = 400;
    private static final int KILLS = 3;
    private static final int LEASE_SECONDS = 5;

    private final Set<String> enqueued = new HashSet<>();
    private final Set<String> completed = ConcurrentHashMap.newKeySet();
    private final AtomicInteger twice = new AtomicInteger();

    @Test
    void everyJobIsDoneOnce() throws Exception {
        try (var server = new ServerProcess(Path.of("target", "chaos-" + UUID.randomUUID()))) {
            var channel = NettyChannelBuilder.forAddress("127.0.0.1", server.grpcPort())
                    .usePlaintext()
                    .build();
            try {
                work(server, channel);
            } finally {
                channel.shutdownNow();
            }
        }
    }

    private void work(ServerProcess server, ManagedChannel channel) throws Exception {
        var headers = new Metadata();
        headers.put(Metadata.Key.of("x-api-key", Metadata.ASCII_STRING_MARSHALLER), server.key());
        var with = MetadataUtils.newAttachHeadersInterceptor(headers);
        var blocking = QueueServiceGrpc.newBlockingStub(channel).withInterceptors(with);
        var streams = QueueServiceGrpc.newStub(channel).withInterceptors(with);
        for (int i = 0; i < JOBS; i++) {
            enqueued.add(blocking.enqueue(
                            EnqueueRequest.newBuilder().setQueueName("kill").build())
                    .getJobId());
        }
        for (int kill = 1; kill <= KILLS; kill++) {
            var pushed = push(blocking, streams);
            var asked = ask(streams);
            int until = kill * JOBS / (KILLS + 1);
            Await.until(completed::size, done -> done >= until);
            server.killServer();
            assertThat(pushed.await(10, TimeUnit.SECONDS))
                    .as("the push stream ended")
                    .isTrue();
            assertThat(asked.await(10, TimeUnit.SECONDS))
                    .as("the other stream ended")
                    .isTrue();
            server.awaitReady();
        }
        push(blocking, streams);
        var stats = GetQueueStatsRequest.newBuilder().setQueueName("kill").build();
        var patient = blocking.withWaitForReady();
        Await.until(() -> patient.getQueueStats(stats).getCompleted(), done -> done == JOBS);
        assertThat(enqueued).containsAll(completed);
        assertThat(completed)
                .as("a kill may take the answer to one completion of each stream with it")
                .hasSizeGreaterThanOrEqualTo(JOBS - 2 * KILLS);
        assertThat(twice).hasValue(0);
        for (String id : enqueued) {
            assertThat(patient.getJob(GetJobRequest.newBuilder().setJobId(id).build())
                            .getJob()
                            .getStatus())
                    .isEqualTo(JobStatus.JOB_STATUS_COMPLETED);
        }
    }

    /// Completes what is pushed. The latch tells of the stream's end.
    private CountDownLatch push(
            QueueServiceGrpc.QueueServiceBlockingStub blocking, QueueServiceGrpc.QueueServiceStub streams) {
        var ended = new CountDownLatch(1);
        streams.withWaitForReady()
                .streamJobs(
                        StreamJobsRequest.newBuilder()
                                .setQueueName("kill")
                                .setWorkerId("pushed")
                                .setLeaseDurationSecs(LEASE_SECONDS)
                                .build(),
                        new Ending<Job>(ended) {
                            @Override
                            public void onNext(Job job) {
                                try {
                                    blocking.complete(completion(job, "pushed"));
                                    done(job);
                                } catch (StatusRuntimeException e) {
                                    // the answer is lost or the lease is: the job comes again, or is done
                                }
                            }
                        });
        return ended;
    }

    /// Asks for a job, completes it, asks for the next, on one stream.
    private CountDownLatch ask(QueueServiceGrpc.QueueServiceStub streams) {
        var ended = new CountDownLatch(1);
        var dequeue = ProcessRequest.newBuilder()
                .setDequeue(DequeueRequest.newBuilder()
                        .setQueueName("kill")
                        .setWorkerId("asked")
                        .setLeaseDurationSecs(LEASE_SECONDS))
                .build();
        var to = new StreamObserver<?>[1];
        @SuppressWarnings("unchecked")
        var from = new Ending<ProcessResponse>(ended) {
            private Job inHand = Job.getDefaultInstance();

            @Override
            public void onNext(ProcessResponse answer) {
                var requests = (StreamObserver<ProcessRequest>) to[0];
                if (answer.hasJob()) {
                    inHand = answer.getJob();
                    requests.onNext(ProcessRequest.newBuilder()
                            .setComplete(completion(inHand, "asked"))
                            .build());
                } else {
                    if (answer.hasComplete()) {
                        done(inHand);
                    }
                    requests.onNext(dequeue);
                }
            }
        };
        StreamObserver<ProcessRequest> requests = streams.withWaitForReady().processJobs(from);
        to[0] = requests;
        requests.onNext(dequeue);
        return ended;
    }

    private abstract static class Ending<M> implements StreamObserver<M> {
        private final CountDownLatch ended;

        Ending(CountDownLatch ended) {
            this.ended = ended;
        }

        @Override
        public void onError(Throwable failure) {
            ended.countDown();
        }

        @Override
        public void onCompleted() {
            ended.countDown();
        }
    }

    private void done(Job job) {
        if (!completed.add(job.getId())) {
            twice.incrementAndGet();
        }
    }

    private static CompleteRequest completion(Job job, String worker) {
        return CompleteRequest.newBuilder()
                .setJobId(job.getId())
                .setWorkerId(worker)
                .setLeaseId(job.getLeaseId())
                .build();
    }
}
