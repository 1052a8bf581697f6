package dev.spooled.grpc;

import dev.spooled.access.Caller;
import dev.spooled.engine.Command.Enqueued;
import dev.spooled.engine.NewJob;
import dev.spooled.jobs.ClaimedJob;
import dev.spooled.jobs.JobRequest;
import dev.spooled.jobs.Jobs;
import dev.spooled.json.Json;
import dev.spooled.proto.batch.v1.BatchError;
import dev.spooled.proto.batch.v1.BatchServiceGrpc.BatchServiceImplBase;
import dev.spooled.proto.batch.v1.ClaimBatchesRequest;
import dev.spooled.proto.batch.v1.CompleteBatchRequest;
import dev.spooled.proto.batch.v1.CompleteBatchResponse;
import dev.spooled.proto.batch.v1.CompleteItem;
import dev.spooled.proto.batch.v1.CompleteOutcome;
import dev.spooled.proto.batch.v1.EnqueueBatchRequest;
import dev.spooled.proto.batch.v1.EnqueueBatchResponse;
import dev.spooled.proto.batch.v1.EnqueueItem;
import dev.spooled.proto.batch.v1.EnqueueOutcome;
import dev.spooled.proto.batch.v1.JobBatch;
import dev.spooled.proto.batch.v1.LeasedJob;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import dev.spooled.time.Clock;
import dev.spooled.time.Ids;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/// `spooled.batch.v1.BatchService`: jobs by the hundred. Every item stands for itself; those of a request share
/// batches of the lane.
final class BatchCalls extends BatchServiceImplBase {
    private static final int MAX_ITEMS = 1_000;
    private static final int JOBS_PER_COMMAND = 100;
    private static final int USUAL_CREDITS = 100;
    private static final int USUAL_BATCH = 100;

    private final Jobs jobs;
    private final Settling settling;
    private final Streams streams;

    BatchCalls(Jobs jobs, Clock clock, Streams streams) {
        this.jobs = jobs;
        this.settling = new Settling(jobs, clock);
        this.streams = streams;
    }

    // ---- enqueue

    @Override
    public void enqueueBatch(EnqueueBatchRequest asked, StreamObserver<EnqueueBatchResponse> to) {
        QueueCalls.answer(to, () -> {
            checkCount("jobs", asked.getJobsCount());
            var outcomes = EnqueueBatchResponse.newBuilder();
            for (var outcome : enqueue(Client.currentCaller(), asked.getJobsList())) {
                outcomes.addOutcomes(outcome);
            }
            return outcomes.build();
        });
    }

    private EnqueueOutcome[] enqueue(Caller caller, List<EnqueueItem> asked) {
        var outcomes = new EnqueueOutcome[asked.size()];
        var places = new ArrayList<Integer>();
        var ready = new ArrayList<NewJob>();
        for (int i = 0; i < outcomes.length; i++) {
            try {
                ready.add(jobs.prepared(caller, jobRequest(asked.get(i))));
                places.add(i);
            } catch (Refused refused) {
                outcomes[i] = EnqueueOutcome.newBuilder()
                        .setError(error(refused.refusal()))
                        .build();
            }
        }
        List<EnqueueOutcome> made = inParts(caller, ready);
        for (int i = 0; i < made.size(); i++) {
            outcomes[places.get(i)] = made.get(i);
        }
        return outcomes;
    }

    /// A command of the lane takes so many; several go side by side.
    private List<EnqueueOutcome> inParts(Caller caller, List<NewJob> ready) {
        if (ready.size() <= JOBS_PER_COMMAND) {
            return fitting(caller, ready);
        }
        var parts = new ArrayList<Callable<List<EnqueueOutcome>>>();
        for (int from = 0; from < ready.size(); from += JOBS_PER_COMMAND) {
            var part = List.copyOf(ready.subList(from, Math.min(from + JOBS_PER_COMMAND, ready.size())));
            parts.add(() -> fitting(caller, part));
        }
        return streams.together(parts).stream().flatMap(List::stream).toList();
    }

    /// As many of a command as the plan allows: when not all of them fit, each is asked for alone.
    private List<EnqueueOutcome> fitting(Caller caller, List<NewJob> part) {
        try {
            return jobs.enqueueAll(caller, part).stream().map(BatchCalls::made).toList();
        } catch (Refused refused) {
            if (!(refused.refusal() instanceof Refusal.LimitReached reached)) {
                throw refused;
            }
            if (part.size() == 1) {
                return List.of(
                        EnqueueOutcome.newBuilder().setError(error(reached)).build());
            }
            var alone = new ArrayList<Callable<List<EnqueueOutcome>>>();
            part.forEach(job -> alone.add(() -> fitting(caller, List.of(job))));
            return streams.together(alone).stream().flatMap(List::stream).toList();
        }
    }

    private static EnqueueOutcome made(Enqueued job) {
        return EnqueueOutcome.newBuilder()
                .setJobId(job.id().toString())
                .setCreated(job.created())
                .build();
    }

    private static JobRequest jobRequest(EnqueueItem asked) {
        return new JobRequest(
                Fields.queue(asked.getQueueName()),
                json("payload", asked.getPayload().isEmpty() ? "{}" : asked.getPayload()),
                asked.getPriority(),
                asked.hasMaxRetries() ? asked.getMaxRetries() : null,
                QueueCalls.timeout(asked.getTimeoutSeconds()),
                asked.hasScheduledAt() ? Fields.time("scheduled_at", asked.getScheduledAt()) : null,
                null,
                Fields.textOrNull("idempotency_key", asked.getIdempotencyKey()),
                QueueCalls.tags(asked.getTagsMap()),
                null,
                null,
                null);
    }

    private static String json(String field, String text) {
        if (text.length() > Taking.MOST_BYTES) {
            throw Refused.invalid(field, "The " + field + " exceeds the " + Taking.MOST_BYTES + " bytes of a gRPC job");
        }
        return Json.value(text);
    }

    // ---- claim

    @Override
    public void claimBatches(ClaimBatchesRequest asked, StreamObserver<JobBatch> to) {
        try {
            Caller caller = Client.currentCaller();
            String worker = Fields.workerId(asked.getWorkerId());
            String queue = Fields.queue(asked.getQueueName());
            caller.check(queue);
            int credits = asked.getCredits() <= 0 ? USUAL_CREDITS : Math.min(asked.getCredits(), MAX_ITEMS);
            int most = asked.getBatchSize() <= 0 ? USUAL_BATCH : Math.min(asked.getBatchSize(), USUAL_BATCH);
            var order = new PushStream.Order<LeasedJob, JobBatch>(
                    queue,
                    worker,
                    Settling.leaseSeconds(asked.getLeaseDurationSecs()),
                    most,
                    (who, job) -> claimed(job),
                    found -> JobBatch.newBuilder().addAllJobs(found).build());
            var outlet = new Outlet<>((ServerCallStreamObserver<JobBatch>) to, () -> {});
            var hand = jobs.inHand().open(credits);
            streams.start(new PushStream<>(Client.current(), jobs, order, outlet, hand));
        } catch (RuntimeException e) {
            to.onError(Statuses.of(e));
        }
    }

    private static LeasedJob claimed(ClaimedJob job) {
        ClaimedJob.Facts facts = job.facts();
        var claimed = LeasedJob.newBuilder()
                .setId(facts.id().toString())
                .setLeaseId(job.lease().leaseId().toString())
                .setPayload(facts.payload())
                .setPriority(job.lease().priority())
                .setRetryCount(job.lease().retryCount())
                .setMaxRetries(facts.maxRetries())
                .setTimeoutSeconds(facts.timeoutSeconds())
                .setCreatedAt(Fields.timestamp(Instant.ofEpochMilli(Ids.millisOf(facts.id()))))
                .setStartedAt(Fields.timestamp(job.lease().startedAt()))
                .setLeaseExpiresAt(Fields.timestamp(job.lease().expiresAt()));
        if (facts.scheduledAt() != null) {
            claimed.setScheduledAt(Fields.timestamp(facts.scheduledAt()));
        }
        return claimed.build();
    }

    // ---- complete

    @Override
    public void completeBatch(CompleteBatchRequest asked, StreamObserver<CompleteBatchResponse> to) {
        QueueCalls.answer(to, () -> {
            checkCount("completions", asked.getCompletionsCount());
            Caller caller = Client.currentCaller();
            String worker = Fields.workerId(asked.getWorkerId());
            List<Callable<CompleteOutcome>> work = asked.getCompletionsList().stream()
                    .<Callable<CompleteOutcome>>map(each -> () -> completed(caller, worker, each))
                    .toList();
            return CompleteBatchResponse.newBuilder()
                    .addAllOutcomes(streams.together(work))
                    .build();
        });
    }

    private CompleteOutcome completed(Caller caller, String worker, CompleteItem asked) {
        try {
            String result = asked.getResult().isEmpty() ? null : json("result", asked.getResult());
            settling.complete(caller, asked.getJobId(), worker, asked.getLeaseId(), result);
            return CompleteOutcome.newBuilder().setSuccess(true).build();
        } catch (RuntimeException e) {
            return CompleteOutcome.newBuilder()
                    .setError(error(Statuses.refusalOf(e)))
                    .build();
        }
    }

    private static void checkCount(String field, int count) {
        if (count < 1 || count > MAX_ITEMS) {
            throw Refused.invalid(field, field + " must hold 1 to " + MAX_ITEMS + " items, not " + count);
        }
    }

    private static BatchError error(Refusal refusal) {
        return BatchError.newBuilder()
                .setCode(Statuses.word(refusal))
                .setMessage(Statuses.text(refusal))
                .build();
    }
}
