package dev.spooled.grpc;

import dev.spooled.access.Caller;
import dev.spooled.proto.v1.DeregisterRequest;
import dev.spooled.proto.v1.DeregisterResponse;
import dev.spooled.proto.v1.HeartbeatRequest;
import dev.spooled.proto.v1.HeartbeatResponse;
import dev.spooled.proto.v1.RegisterWorkerRequest;
import dev.spooled.proto.v1.RegisterWorkerResponse;
import dev.spooled.proto.v1.WorkerServiceGrpc.WorkerServiceImplBase;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import dev.spooled.workers.Registration;
import dev.spooled.workers.SignOfLife;
import dev.spooled.workers.WorkerStatus;
import dev.spooled.workers.Workers;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.Objects;
import java.util.UUID;

/// `spooled.v1.WorkerService`: workers that make themselves known.
final class WorkerCalls extends WorkerServiceImplBase {
    private static final int MAX_JOBS = 1_000;

    private final Workers workers;
    private final Duration heartbeat;
    private final Streams streams;

    /// Workers are told to send a heartbeat each `heartbeat`.
    WorkerCalls(Workers workers, Duration heartbeat, Streams streams) {
        this.workers = workers;
        this.heartbeat = heartbeat;
        this.streams = streams;
    }

    @Override
    public void register(RegisterWorkerRequest asked, StreamObserver<RegisterWorkerResponse> to) {
        QueueCalls.answer(to, () -> {
            var registration = registration(asked);
            workers.register(Client.currentCaller(), registration);
            return RegisterWorkerResponse.newBuilder()
                    .setWorkerId(registration.id())
                    .setLeaseDurationSecs(Settling.DEFAULT_LEASE)
                    .setHeartbeatIntervalSecs(Math.toIntExact(heartbeat.toSeconds()))
                    .build();
        });
    }

    private static Registration registration(RegisterWorkerRequest asked) {
        int concurrency = asked.getMaxConcurrency();
        return new Registration(
                UUID.randomUUID().toString(),
                Fields.queue(asked.getQueueName()),
                asked.getHostname(),
                Fields.textOrNull("worker_type", asked.getWorkerType()),
                concurrency == 0
                        ? Registration.DEFAULT_CONCURRENCY
                        : Math.clamp(concurrency, 1, Registration.MAX_CONCURRENCY),
                Objects.requireNonNullElse(Fields.objectOrNull("metadata", asked.getMetadataMap()), "{}"),
                Fields.textOrNull("version", asked.getVersion()));
    }

    /// An unknown worker is not acknowledged. Metadata that is not sent stays as it was.
    @Override
    public void heartbeat(HeartbeatRequest asked, StreamObserver<HeartbeatResponse> to) {
        QueueCalls.answer(to, () -> {
            var sign = new SignOfLife(
                    Math.clamp(asked.getCurrentJobs(), 0, MAX_JOBS),
                    WorkerStatus.reported(asked.getStatus()),
                    Fields.objectOrNull("metadata", asked.getMetadataMap()));
            String id = Fields.workerId(asked.getWorkerId());
            Caller caller = Client.currentCaller();
            return HeartbeatResponse.newBuilder()
                    .setAcknowledged(ifKnown(() -> workers.heartbeat(caller, id, sign)))
                    .setShouldDrain(streams.isStopping())
                    .build();
        });
    }

    @Override
    public void deregister(DeregisterRequest asked, StreamObserver<DeregisterResponse> to) {
        QueueCalls.answer(to, () -> {
            String id = Fields.workerId(asked.getWorkerId());
            Caller caller = Client.currentCaller();
            return DeregisterResponse.newBuilder()
                    .setSuccess(ifKnown(() -> workers.deregister(caller, id)))
                    .build();
        });
    }

    /// Whether there was such a worker; one of a queue that the key may not see is not there.
    private static boolean ifKnown(Runnable work) {
        try {
            work.run();
            return true;
        } catch (Refused refused) {
            if (refused.refusal() instanceof Refusal.NotFound || refused.refusal() instanceof Refusal.Forbidden) {
                return false;
            }
            throw refused;
        }
    }
}
