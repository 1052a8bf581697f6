package dev.spooled.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.spooled.proto.batch.v1.BatchServiceGrpc;
import dev.spooled.proto.v1.CompleteRequest;
import dev.spooled.proto.v1.DequeueRequest;
import dev.spooled.proto.v1.EnqueueRequest;
import dev.spooled.proto.v1.GetJobRequest;
import dev.spooled.proto.v1.Job;
import dev.spooled.proto.v1.QueueServiceGrpc;
import dev.spooled.proto.v1.WorkerServiceGrpc;
import dev.spooled.support.TestServer;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import java.util.List;
import java.util.function.Supplier;

/// A client of the gRPC door on a real socket, and what its tests say again and again.
final class GrpcCalls implements AutoCloseable {
    static final Metadata.Key<String> API_KEY = Metadata.Key.of("x-api-key", Metadata.ASCII_STRING_MARSHALLER);

    final ManagedChannel channel;
    final QueueServiceGrpc.QueueServiceBlockingStub queue;
    final QueueServiceGrpc.QueueServiceStub streams;
    final WorkerServiceGrpc.WorkerServiceBlockingStub workers;
    final BatchServiceGrpc.BatchServiceBlockingStub batches;
    final BatchServiceGrpc.BatchServiceStub batchStreams;

    private GrpcCalls(ManagedChannel channel, Metadata headers) {
        this.channel = channel;
        var with = MetadataUtils.newAttachHeadersInterceptor(headers);
        queue = QueueServiceGrpc.newBlockingStub(channel).withInterceptors(with);
        streams = QueueServiceGrpc.newStub(channel).withInterceptors(with);
        workers = WorkerServiceGrpc.newBlockingStub(channel).withInterceptors(with);
        batches = BatchServiceGrpc.newBlockingStub(channel).withInterceptors(with);
        batchStreams = BatchServiceGrpc.newStub(channel).withInterceptors(with);
    }

    static GrpcCalls to(TestServer server) {
        return to(server, server.key);
    }

    static GrpcCalls to(TestServer server, String key) {
        return to(server.grpc().port(), key(key));
    }

    static GrpcCalls to(int port, Metadata headers) {
        return new GrpcCalls(
                NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build(), headers);
    }

    static Metadata key(String key) {
        var headers = new Metadata();
        headers.put(API_KEY, key);
        return headers;
    }

    static Struct struct(String name, Value value) {
        return Struct.newBuilder().putFields(name, value).build();
    }

    static Struct struct(String name, double value) {
        return struct(name, Value.newBuilder().setNumberValue(value).build());
    }

    String enqueue(String name) {
        return queue.enqueue(EnqueueRequest.newBuilder().setQueueName(name).build())
                .getJobId();
    }

    List<Job> dequeue(String name, int count) {
        return queue.dequeue(DequeueRequest.newBuilder()
                        .setQueueName(name)
                        .setWorkerId("w1")
                        .setBatchSize(count)
                        .build())
                .getJobsList();
    }

    /// A job that worker w1 holds.
    Job held(String name) {
        enqueue(name);
        return dequeue(name, 1).getFirst();
    }

    Job get(String id) {
        return queue.getJob(GetJobRequest.newBuilder().setJobId(id).build()).getJob();
    }

    void complete(Job job) {
        assertThat(queue.complete(CompleteRequest.newBuilder()
                                .setJobId(job.getId())
                                .setWorkerId("w1")
                                .setLeaseId(job.getLeaseId())
                                .build())
                        .getSuccess())
                .isTrue();
    }

    /// The status that a call ends with, and its text.
    static Status failure(Supplier<?> call) {
        try {
            var answer = call.get();
            throw new AssertionError("answered: " + answer);
        } catch (StatusRuntimeException e) {
            return e.getStatus();
        }
    }

    static void assertRefused(Status.Code code, String text, Supplier<?> call) {
        Status status = failure(call);
        assertThat(status.getCode()).as(status.toString()).isEqualTo(code);
        assertThat(status.getDescription()).contains(text);
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }
}
