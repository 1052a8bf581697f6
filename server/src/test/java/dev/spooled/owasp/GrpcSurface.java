package dev.spooled.owasp;

import dev.spooled.proto.batch.v1.BatchServiceGrpc;
import dev.spooled.proto.v1.QueueServiceGrpc;
import dev.spooled.proto.v1.WorkerServiceGrpc;
import dev.spooled.support.TestServer;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import java.io.InputStream;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// Every method of gRPC, called with an empty request and whatever metadata.
final class GrpcSurface implements AutoCloseable {
    private static final List<ServiceDescriptor> SERVICES = List.of(
            QueueServiceGrpc.getServiceDescriptor(),
            WorkerServiceGrpc.getServiceDescriptor(),
            BatchServiceGrpc.getServiceDescriptor());

    private final ManagedChannel channel;

    GrpcSurface(TestServer server) {
        channel = NettyChannelBuilder.forAddress("127.0.0.1", server.grpc().port())
                .usePlaintext()
                .build();
    }

    static List<MethodDescriptor<?, ?>> methods() {
        return SERVICES.stream()
                .<MethodDescriptor<?, ?>>flatMap(service -> service.getMethods().stream())
                .toList();
    }

    static Metadata metadata(String name, String value) {
        var metadata = new Metadata();
        metadata.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), value);
        return metadata;
    }

    /// The status that the call ends with.
    <A, B> Status call(MethodDescriptor<A, B> method, Metadata metadata) {
        ClientCall<A, B> call = channel.newCall(method, CallOptions.DEFAULT.withDeadlineAfter(10, TimeUnit.SECONDS));
        var end = new CompletableFuture<Status>();
        call.start(
                new ClientCall.Listener<>() {
                    @Override
                    public void onClose(Status status, Metadata trailers) {
                        end.complete(status);
                    }
                },
                metadata);
        call.request(Integer.MAX_VALUE);
        call.sendMessage(method.parseRequest(InputStream.nullInputStream()));
        call.halfClose();
        return end.join();
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }
}
