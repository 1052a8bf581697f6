package dev.spooled.grpc;

import dev.spooled.config.CannotStart;
import dev.spooled.jobs.Jobs;
import dev.spooled.orgs.ConnectionLimits;
import dev.spooled.proto.batch.v1.BatchServiceGrpc;
import dev.spooled.proto.v1.QueueServiceGrpc;
import dev.spooled.proto.v1.WorkerServiceGrpc;
import dev.spooled.queues.QueueFigures;
import dev.spooled.time.Clock;
import dev.spooled.web.RequestObserver;
import dev.spooled.workers.Workers;
import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/// The gRPC server: jobs, workers, batches, health and reflection on one port. Calls run on virtual threads.
/// The port is taken by `start`; `drain` tells clients to go elsewhere, `close` waits for what is under way.
public final class GrpcServer implements AutoCloseable {
    private static final int MAX_METADATA_BYTES = 32 * 1_024;
    private static final int WINDOW_BYTES = 1 << 20;
    private static final Duration HANDSHAKE = Duration.ofSeconds(10);
    private static final Duration PING_TIMEOUT = Duration.ofSeconds(20);

    /// Clients are told they may ping each 10 s; half of that leaves room for clocks and queues.
    private static final Duration CLIENT_PING = Duration.ofSeconds(5);

    private static final List<String> NAMES = List.of(
            HealthStatusManager.SERVICE_NAME_ALL_SERVICES,
            QueueServiceGrpc.SERVICE_NAME,
            WorkerServiceGrpc.SERVICE_NAME,
            BatchServiceGrpc.SERVICE_NAME);

    private final Options options;
    private final Streams streams = new Streams();
    private final StreamPlaces places;
    private final HealthStatusManager health = new HealthStatusManager();
    private final BooleanSupplier ready;
    private final ExecutorService calls = Executors.newVirtualThreadPerTaskExecutor();
    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(NioIoHandler.newFactory());
    private final Server server;
    private final AtomicBoolean draining = new AtomicBoolean();

    /// How the server listens. Port 0 takes a free one. `keepAlive` is the pause between pings of idle
    /// connections.
    public record Options(
            String host,
            int port,
            @Nullable Tls tls,
            int maxMessageBytes,
            int maxConnections,
            int maxStreams,
            int streamsOfOrganization,
            Duration keepAlive,
            Duration drain) {
        public static final int USUAL_MESSAGE_BYTES = 4 << 20;

        public static Options local() {
            return new Options(
                    "127.0.0.1",
                    0,
                    null,
                    USUAL_MESSAGE_BYTES,
                    10_000,
                    200,
                    1_000,
                    Duration.ofSeconds(10),
                    Duration.ofSeconds(10));
        }
    }

    /// What the server proves itself with.
    public record Tls(SslContext context) {
        /// From a certificate chain and its key, both in PEM; `CannotStart` when they are not that.
        public static Tls of(Path certificate, Path key) {
            try {
                return new Tls(GrpcSslContexts.forServer(certificate.toFile(), key.toFile())
                        .build());
            } catch (IOException | IllegalArgumentException e) {
                throw new CannotStart("the files of GRPC_TLS_CERT_PATH and GRPC_TLS_KEY_PATH must be a certificate"
                        + " and its key in PEM: " + e.getMessage());
            }
        }
    }

    /// What the calls work with. Workers are told to send a heartbeat each `heartbeat`; `own` is what organizations
    /// may have open.
    public record Parts(
            Jobs jobs,
            Workers workers,
            QueueFigures figures,
            Duration heartbeat,
            Clock clock,
            Admission admission,
            IntFunction<ConnectionLimits> own) {}

    /// `ready` is what health tells.
    public GrpcServer(Options options, Parts parts, BooleanSupplier ready, RequestObserver observer) {
        this.options = options;
        this.ready = ready;
        this.places = new StreamPlaces(org ->
                Objects.requireNonNullElse(parts.own().apply(org).grpcStreams(), options.streamsOfOrganization()));
        var entrance = new Entrance(parts.admission(), places);
        var observed = new Observed(observer);
        var builder = builder(options)
                .addService(ServerInterceptors.intercept(health.getHealthService(), observed))
                .addService(ServerInterceptors.intercept(ProtoReflectionServiceV1.newInstance(), observed))
                .addService(ServerInterceptors.intercept(olderReflection(), observed));
        for (BindableService service : services(parts)) {
            ServerServiceDefinition guarded = ParseGuard.before(service.bindService());
            builder.addService(ServerInterceptors.intercept(guarded, entrance, observed));
        }
        server = builder.build();
        reportHealth();
    }

    private List<BindableService> services(Parts parts) {
        return List.of(
                new QueueCalls(parts.jobs(), parts.figures(), parts.clock(), streams),
                new WorkerCalls(parts.workers(), parts.heartbeat(), streams),
                new BatchCalls(parts.jobs(), parts.clock(), streams));
    }

    @SuppressWarnings("deprecation")
    private static BindableService olderReflection() {
        return io.grpc.protobuf.services.ProtoReflectionService.newInstance();
    }

    private NettyServerBuilder builder(Options options) {
        var builder = NettyServerBuilder.forAddress(new InetSocketAddress(options.host(), options.port()))
                .executor(calls)
                .channelFactory(() -> new CappedServerChannel(options.maxConnections()))
                .bossEventLoopGroup(loops)
                .workerEventLoopGroup(loops)
                .maxInboundMessageSize(options.maxMessageBytes())
                .maxInboundMetadataSize(MAX_METADATA_BYTES)
                .flowControlWindow(WINDOW_BYTES)
                .maxConcurrentCallsPerConnection(options.maxStreams())
                .keepAliveTime(options.keepAlive().toMillis(), TimeUnit.MILLISECONDS)
                .keepAliveTimeout(PING_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
                .permitKeepAliveTime(CLIENT_PING.toMillis(), TimeUnit.MILLISECONDS)
                .permitKeepAliveWithoutCalls(true)
                .handshakeTimeout(HANDSHAKE.toMillis(), TimeUnit.MILLISECONDS)
                .withChildOption(ChannelOption.TCP_NODELAY, true)
                .withChildOption(ChannelOption.SO_KEEPALIVE, true);
        Tls tls = options.tls();
        return tls == null ? builder : builder.sslContext(tls.context());
    }

    public GrpcServer start() {
        try {
            server.start();
        } catch (IOException e) {
            throw new CannotStart("GRPC_PORT " + options.port() + " cannot be used: " + e.getMessage());
        }
        return this;
    }

    /// The real port when 0 was asked for.
    public int port() {
        return server.getPort();
    }

    /// Streams that push jobs or take operations right now.
    public int openStreams() {
        return streams.count();
    }

    /// Places that calls of organizations hold right now; one that ended holds none.
    int placesTaken() {
        return places.taken();
    }

    public boolean isSecure() {
        return options.tls() != null;
    }

    /// Says over health whether the server can take work. To be called often.
    public void reportHealth() {
        setHealth(ready.getAsBoolean());
    }

    private void setHealth(boolean serving) {
        ServingStatus status = serving ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
        NAMES.forEach(name -> health.setStatus(name, status));
    }

    /// Takes no new connections and calls; streams end after what they are doing.
    public void drain() {
        if (!draining.getAndSet(true)) {
            health.enterTerminalState();
            server.shutdown();
            streams.stop();
        }
    }

    /// Drains, waits for the calls under way, then cuts what is left.
    @Override
    public void close() {
        drain();
        try {
            if (!server.awaitTermination(options.drain().toMillis(), TimeUnit.MILLISECONDS)) {
                server.shutdownNow();
                var unused = server.awaitTermination(1, TimeUnit.SECONDS);
            }
        } catch (InterruptedException e) {
            server.shutdownNow();
            Thread.currentThread().interrupt();
        }
        streams.close();
        finishCalls();
        var unused = loops.shutdownGracefully(100, 1_000, TimeUnit.MILLISECONDS);
    }

    /// Calls whose clients have gone may still be at work.
    private void finishCalls() {
        calls.shutdown();
        try {
            var unused = calls.awaitTermination(2, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
