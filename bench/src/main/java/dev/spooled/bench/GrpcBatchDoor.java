package dev.spooled.bench;

import dev.spooled.proto.batch.v1.BatchServiceGrpc;
import dev.spooled.proto.batch.v1.ClaimBatchesRequest;
import dev.spooled.proto.batch.v1.CompleteBatchRequest;
import dev.spooled.proto.batch.v1.CompleteItem;
import dev.spooled.proto.batch.v1.CompleteOutcome;
import dev.spooled.proto.batch.v1.EnqueueBatchRequest;
import dev.spooled.proto.batch.v1.EnqueueItem;
import dev.spooled.proto.batch.v1.EnqueueOutcome;
import dev.spooled.proto.batch.v1.JobBatch;
import dev.spooled.proto.batch.v1.LeasedJob;
import io.grpc.Channel;
import io.grpc.Context;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A worker of our batch service: jobs are pushed to it, completions that come together go as one.
final class GrpcBatchDoor extends GrpcDoor {
    private static final int CREDITS = 400;
    private static final Duration QUIET = Duration.ofMillis(500);

    private final BatchServiceGrpc.BatchServiceBlockingStub batches;
    private final BatchServiceGrpc.BatchServiceStub streams;
    private final BlockingQueue<JobBatch> pushed = new LinkedBlockingQueue<>();
    private final List<Waiting> completions = new ArrayList<>();
    private final Context.CancellableContext context = Context.ROOT.withCancellation();
    private boolean completing;
    private volatile boolean open;

    private record Waiting(Held job, CompletableFuture<CompleteOutcome> outcome) {}

    GrpcBatchDoor(Channel line, String queuePrefix) {
        super(line, queuePrefix);
        this.batches = BatchServiceGrpc.newBlockingStub(line);
        this.streams = BatchServiceGrpc.newStub(line);
    }

    @Override
    public int enqueue(int queue, int priority, int count) throws IOException {
        var request = EnqueueBatchRequest.newBuilder();
        for (int i = 0; i < count; i++) {
            request.addJobs(EnqueueItem.newBuilder()
                    .setQueueName(queueName(queue))
                    .setPriority(priority)
                    .setPayload(Payload.sentNow()));
        }
        var answer = answered(() -> batches.enqueueBatch(request.build()));
        return Math.toIntExact(answer.getOutcomesList().stream()
                .filter(EnqueueOutcome::getCreated)
                .count());
    }

    /// Without patience by a call, else from the stream of this worker.
    @Override
    public List<Held> claim(int queue, String worker, int limit, Duration wait) throws IOException {
        if (wait.isZero()) {
            return super.claim(queue, worker, limit, wait);
        }
        openStream(queueName(queue), worker, limit);
        return next(wait);
    }

    @Override
    public List<Held> pushed() {
        return open ? next(QUIET) : List.of();
    }

    private List<Held> next(Duration wait) {
        try {
            JobBatch batch = pushed.poll(wait.toNanos(), TimeUnit.NANOSECONDS);
            return batch == null
                    ? List.of()
                    : batch.getJobsList().stream().map(GrpcBatchDoor::held).toList();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return List.of();
        }
    }

    private static Held held(LeasedJob job) {
        return new Held(
                UUID.fromString(job.getId()),
                UUID.fromString(job.getLeaseId()),
                JsonScan.numbers(job.getPayload(), "sent").getFirst());
    }

    private void openStream(String queue, String worker, int limit) {
        if (open) {
            return;
        }
        open = true;
        context.run(() -> streams.claimBatches(
                ClaimBatchesRequest.newBuilder()
                        .setQueueName(queue)
                        .setWorkerId(worker)
                        .setLeaseDurationSecs(LEASE_SECONDS)
                        .setCredits(CREDITS)
                        .setBatchSize(limit)
                        .build(),
                new StreamObserver<JobBatch>() {
                    @Override
                    public void onNext(JobBatch batch) {
                        pushed.add(batch);
                    }

                    @Override
                    public void onError(Throwable failure) {
                        open = false;
                    }

                    @Override
                    public void onCompleted() {
                        open = false;
                    }
                }));
    }

    /// The first that comes sends for all that come meanwhile.
    @Override
    public void complete(Held job, String worker) throws IOException {
        var mine = new Waiting(job, new CompletableFuture<>());
        boolean sends;
        synchronized (completions) {
            completions.add(mine);
            sends = !completing;
            completing = true;
        }
        while (sends) {
            List<Waiting> some = takeSome();
            sends = some != null;
            if (some != null) {
                send(some, worker);
            }
        }
        if (!outcome(mine).getSuccess()) {
            throw new Declined(outcome(mine).getError().toString());
        }
    }

    private @Nullable List<Waiting> takeSome() {
        synchronized (completions) {
            completing = !completions.isEmpty();
            if (!completing) {
                return null;
            }
            var some = List.copyOf(completions);
            completions.clear();
            return some;
        }
    }

    private void send(List<Waiting> some, String worker) {
        var request = CompleteBatchRequest.newBuilder().setWorkerId(worker);
        some.forEach(each -> request.addCompletions(CompleteItem.newBuilder()
                .setJobId(each.job().id().toString())
                .setLeaseId(each.job().lease().toString())));
        try {
            var outcomes =
                    answered(() -> batches.completeBatch(request.build())).getOutcomesList();
            for (int i = 0; i < some.size(); i++) {
                some.get(i).outcome().complete(outcomes.get(i));
            }
        } catch (IOException e) {
            some.forEach(each -> each.outcome().completeExceptionally(e));
        }
    }

    private static CompleteOutcome outcome(Waiting mine) throws IOException {
        try {
            return mine.outcome().join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof IOException fault ? fault : new IOException(e.getCause());
        }
    }

    @Override
    public void close() {
        context.cancel(null);
    }
}
