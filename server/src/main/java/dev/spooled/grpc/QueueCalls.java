package dev.spooled.grpc;

import dev.spooled.access.Caller;
import dev.spooled.engine.Command.Enqueued;
import dev.spooled.jobs.ClaimRequest;
import dev.spooled.jobs.InHand;
import dev.spooled.jobs.JobRequest;
import dev.spooled.jobs.Jobs;
import dev.spooled.jobs.Tags;
import dev.spooled.json.Json;
import dev.spooled.proto.v1.CompleteRequest;
import dev.spooled.proto.v1.CompleteResponse;
import dev.spooled.proto.v1.DequeueRequest;
import dev.spooled.proto.v1.DequeueResponse;
import dev.spooled.proto.v1.EnqueueRequest;
import dev.spooled.proto.v1.EnqueueResponse;
import dev.spooled.proto.v1.FailRequest;
import dev.spooled.proto.v1.FailResponse;
import dev.spooled.proto.v1.GetJobRequest;
import dev.spooled.proto.v1.GetJobResponse;
import dev.spooled.proto.v1.GetQueueStatsRequest;
import dev.spooled.proto.v1.GetQueueStatsResponse;
import dev.spooled.proto.v1.Job;
import dev.spooled.proto.v1.ProcessRequest;
import dev.spooled.proto.v1.ProcessResponse;
import dev.spooled.proto.v1.QueueServiceGrpc.QueueServiceImplBase;
import dev.spooled.proto.v1.RenewLeaseRequest;
import dev.spooled.proto.v1.RenewLeaseResponse;
import dev.spooled.proto.v1.StreamJobsRequest;
import dev.spooled.queues.QueueFigures;
import dev.spooled.queues.QueueStats;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import dev.spooled.time.Clock;
import io.grpc.Context;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// `spooled.v1.QueueService`: reads requests, asks the operations, answers.
final class QueueCalls extends QueueServiceImplBase {
    private static final int MAX_TIMEOUT_SECONDS = 86_400;

    private final Jobs jobs;
    private final QueueFigures figures;
    private final Settling settling;
    private final Taking taking;
    private final Streams streams;

    QueueCalls(Jobs jobs, QueueFigures figures, Clock clock, Streams streams) {
        this.jobs = jobs;
        this.figures = figures;
        this.settling = new Settling(jobs, clock);
        this.taking = new Taking(jobs);
        this.streams = streams;
    }

    @Override
    public void enqueue(EnqueueRequest asked, StreamObserver<EnqueueResponse> to) {
        answer(to, () -> {
            Enqueued job = jobs.enqueue(Client.currentCaller(), jobRequest(asked));
            return EnqueueResponse.newBuilder()
                    .setJobId(job.id().toString())
                    .setCreated(job.created())
                    .build();
        });
    }

    /// What a client cannot be given is given back: the call may have been cancelled, or its time be up, while
    /// the jobs were on their way.
    @Override
    public void dequeue(DequeueRequest asked, StreamObserver<DequeueResponse> to) {
        Caller caller = Client.currentCaller();
        var undelivered = new Undelivered(jobs, caller);
        ((ServerCallStreamObserver<DequeueResponse>) to).setOnCancelHandler(undelivered::giveBack);
        answer(to, () -> {
            ClaimRequest claim = claim(asked, asked.getBatchSize());
            var found = taking.take(
                    caller,
                    claim,
                    () -> !Context.current().isCancelled(),
                    job -> JobMessages.claimed(caller, claim.worker(), job));
            undelivered.note(found.leases());
            return DequeueResponse.newBuilder().addAllJobs(found.messages()).build();
        });
    }

    @Override
    public void complete(CompleteRequest asked, StreamObserver<CompleteResponse> to) {
        answer(to, () -> settling.complete(Client.currentCaller(), asked));
    }

    @Override
    public void fail(FailRequest asked, StreamObserver<FailResponse> to) {
        answer(to, () -> settling.fail(Client.currentCaller(), asked));
    }

    /// Clients that know no lease ids look at `success`, not for an error.
    @Override
    public void renewLease(RenewLeaseRequest asked, StreamObserver<RenewLeaseResponse> to) {
        answer(to, () -> {
            try {
                return settling.renew(Client.currentCaller(), asked);
            } catch (Refused refused) {
                if (asked.getLeaseId().isEmpty() && refused.refusal() instanceof Refusal.NotFound) {
                    return RenewLeaseResponse.getDefaultInstance();
                }
                throw refused;
            }
        });
    }

    @Override
    public void getJob(GetJobRequest asked, StreamObserver<GetJobResponse> to) {
        answer(to, () -> {
            Caller caller = Client.currentCaller();
            Job job = find(caller, asked.getJobId());
            if (job == null) {
                return GetJobResponse.getDefaultInstance();
            }
            if (job.getSerializedSize() > Taking.MOST_BYTES) {
                throw new Refused(new Refusal.TooLarge("The job is too large for a message; read it over REST"));
            }
            return GetJobResponse.newBuilder().setJob(job).build();
        });
    }

    private @Nullable Job find(Caller caller, String id) {
        try {
            return JobMessages.seen(caller, jobs.get(caller, Fields.jobId(id)));
        } catch (Refused refused) {
            if (refused.refusal() instanceof Refusal.NotFound || refused.refusal() instanceof Refusal.Forbidden) {
                return null;
            }
            throw refused;
        }
    }

    @Override
    public void getQueueStats(GetQueueStatsRequest asked, StreamObserver<GetQueueStatsResponse> to) {
        answer(to, () -> {
            String name = Fields.queue(asked.getQueueName());
            QueueStats stats = figures.of(Client.currentCaller(), name);
            QueueStats.Held held = stats.held();
            Long age = stats.times().oldestAgeMillis();
            return GetQueueStatsResponse.newBuilder()
                    .setQueueName(name)
                    .setPending(held.pending())
                    .setScheduled(held.scheduled())
                    .setProcessing(held.processing())
                    .setCompleted(held.completed())
                    .setDeadletter(held.failed())
                    .setTotal(held.total())
                    .setMaxAgeMs(age == null ? 0 : age)
                    .build();
        });
    }

    @Override
    public void streamJobs(StreamJobsRequest asked, StreamObserver<Job> to) {
        try {
            Caller caller = Client.currentCaller();
            String worker = Fields.workerId(asked.getWorkerId());
            String queue = Fields.queue(asked.getQueueName());
            caller.check(queue);
            var order = new PushStream.Order<Job, Job>(
                    queue,
                    worker,
                    Settling.leaseSeconds(asked.getLeaseDurationSecs()),
                    1,
                    (who, job) -> JobMessages.claimed(who, worker, job),
                    List::getFirst);
            Integer most = Client.current().maxInFlight();
            InHand.Hand hand = most == null ? null : jobs.inHand().open(most);
            var outlet = new Outlet<>((ServerCallStreamObserver<Job>) to, () -> {});
            streams.start(new PushStream<>(Client.current(), jobs, order, outlet, hand));
        } catch (RuntimeException e) {
            to.onError(Statuses.of(e));
        }
    }

    @Override
    public StreamObserver<ProcessRequest> processJobs(StreamObserver<ProcessResponse> to) {
        var call = (ServerCallStreamObserver<ProcessResponse>) to;
        var stream = new ProcessStream(Client.current(), jobs, settling, streams, call);
        streams.start(stream);
        return stream;
    }

    static <T> void answer(StreamObserver<T> to, Supplier<T> work) {
        T response;
        try {
            response = work.get();
        } catch (RuntimeException e) {
            to.onError(Statuses.of(e));
            return;
        }
        to.onNext(response);
        to.onCompleted();
    }

    /// The claim that a dequeue of `count` jobs is; 0 is one.
    static ClaimRequest claim(DequeueRequest asked, int count) {
        String worker = Fields.workerId(asked.getWorkerId());
        return ClaimRequest.of(
                Fields.queue(asked.getQueueName()),
                worker,
                count,
                Settling.leaseSeconds(asked.getLeaseDurationSecs()),
                0);
    }

    private static JobRequest jobRequest(EnqueueRequest asked) {
        String queue = Fields.queue(asked.getQueueName());
        return new JobRequest(
                queue,
                payload(asked),
                asked.getPriority(),
                Fields.positiveOrNull(asked.getMaxRetries()),
                timeout(asked.getTimeoutSeconds()),
                asked.hasScheduledAt() ? Fields.time("scheduled_at", asked.getScheduledAt()) : null,
                null,
                Fields.textOrNull("idempotency_key", asked.getIdempotencyKey()),
                tags(asked.getTagsMap()),
                null,
                null,
                null);
    }

    /// What could not be handed out over gRPC again is not taken.
    private static String payload(EnqueueRequest asked) {
        String json = asked.hasPayload() ? StructJson.json("payload", asked.getPayload()) : "{}";
        boolean fits = asked.getPayload().getSerializedSize() <= Taking.MOST_BYTES
                && json.getBytes(StandardCharsets.UTF_8).length <= Taking.MOST_BYTES;
        if (!fits) {
            throw Refused.invalid("payload", "The payload exceeds the " + Taking.MOST_BYTES + " bytes of a gRPC job");
        }
        return json;
    }

    static @Nullable Integer timeout(int seconds) {
        return seconds <= 0 ? null : (Integer) Math.min(seconds, MAX_TIMEOUT_SECONDS);
    }

    static @Nullable Tags tags(Map<String, String> tags) {
        String json = Fields.objectOrNull("tags", tags);
        return json == null ? null : Tags.of(Json.object(("{\"tags\":" + json + "}").getBytes(StandardCharsets.UTF_8)));
    }
}
