package dev.spooled.bench;

import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/// The connections that all callers of a run share, each with the key on every call.
final class GrpcLines implements AutoCloseable {
    private static final Metadata.Key<String> API_KEY = Metadata.Key.of("x-api-key", Metadata.ASCII_STRING_MARSHALLER);

    private final List<ManagedChannel> connections = new ArrayList<>();
    private final List<Channel> lines = new ArrayList<>();
    private final AtomicInteger next = new AtomicInteger();

    GrpcLines(String address, String key, int count) {
        var headers = new Metadata();
        headers.put(API_KEY, key);
        var with = MetadataUtils.newAttachHeadersInterceptor(headers);
        for (int i = 0; i < count; i++) {
            var connection = NettyChannelBuilder.forTarget(address)
                    .usePlaintext()
                    .executor(Executors.newVirtualThreadPerTaskExecutor())
                    .build();
            connections.add(connection);
            lines.add(ClientInterceptors.intercept(connection, with));
        }
    }

    Channel next() {
        return lines.get(Math.floorMod(next.getAndIncrement(), lines.size()));
    }

    @Override
    public void close() {
        connections.forEach(ManagedChannel::shutdownNow);
    }
}
