package dev.spooled.bench;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.spooled.proto.v1.CompleteRequest;
import dev.spooled.proto.v1.DequeueRequest;
import dev.spooled.proto.v1.EnqueueRequest;
import dev.spooled.proto.v1.Job;
import dev.spooled.proto.v1.QueueServiceGrpc;
import dev.spooled.proto.v1.QueueServiceGrpc.QueueServiceBlockingStub;
import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/// The way in over unary gRPC. A dequeue does not wait in the server, so an empty one is asked again after a while.
class GrpcDoor implements Door {
    static final int LEASE_SECONDS = 300;
    private static final long ASK_AGAIN = TimeUnit.MILLISECONDS.toNanos(2);
    private static final String FILL = "x".repeat(250);

    private final QueueServiceBlockingStub queues;
    private final String queuePrefix;

    GrpcDoor(Channel line, String queuePrefix) {
        this.queues = QueueServiceGrpc.newBlockingStub(line);
        this.queuePrefix = queuePrefix;
    }

    String queueName(int queue) {
        return queuePrefix + queue;
    }

    @Override
    public int enqueue(int queue, int priority, int count) throws IOException {
        for (int i = 0; i < count; i++) {
            var request = EnqueueRequest.newBuilder()
                    .setQueueName(queueName(queue))
                    .setPriority(priority)
                    .setPayload(payload())
                    .build();
            var answer = answered(() -> queues.enqueue(request));
            if (!answer.getCreated()) {
                throw new IOException("a new job was answered as a known one");
            }
        }
        return count;
    }

    @Override
    public List<Held> claim(int queue, String worker, int limit, Duration wait) throws IOException {
        var request = DequeueRequest.newBuilder()
                .setQueueName(queueName(queue))
                .setWorkerId(worker)
                .setLeaseDurationSecs(LEASE_SECONDS)
                .setBatchSize(limit)
                .build();
        long end = System.nanoTime() + wait.toNanos();
        while (true) {
            var jobs = answered(() -> queues.dequeue(request)).getJobsList();
            if (!jobs.isEmpty() || System.nanoTime() - end >= 0) {
                return jobs.stream().map(GrpcDoor::held).toList();
            }
            LockSupport.parkNanos(ASK_AGAIN);
        }
    }

    @Override
    public void complete(Held job, String worker) throws IOException {
        var unused = answered(() -> queues.complete(completion(job, worker)));
    }

    static CompleteRequest completion(Held job, String worker) {
        return CompleteRequest.newBuilder()
                .setJobId(job.id().toString())
                .setWorkerId(worker)
                .setLeaseId(job.lease().toString())
                .build();
    }

    static Held held(Job job) {
        double sent = job.getPayload().getFieldsOrThrow("sent").getNumberValue();
        return new Held(UUID.fromString(job.getId()), UUID.fromString(job.getLeaseId()), (long) sent);
    }

    @Override
    public void close() {}

    static <T> T answered(Supplier<T> call) throws IOException {
        try {
            return call.get();
        } catch (StatusRuntimeException e) {
            throw fault(e);
        }
    }

    static IOException fault(StatusRuntimeException e) {
        return switch (e.getStatus().getCode()) {
            case UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED, INTERNAL, UNKNOWN -> new IOException(e);
            default -> new Declined(e.getStatus().toString());
        };
    }

    private static Struct payload() {
        return Struct.newBuilder()
                .putFields(
                        "sent",
                        Value.newBuilder().setNumberValue(System.nanoTime()).build())
                .putFields("fill", Value.newBuilder().setStringValue(FILL).build())
                .build();
    }
}
