package dev.spooled.grpc;

import static dev.spooled.grpc.GrpcCalls.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spooled.config.CannotStart;
import dev.spooled.proto.v1.DequeueRequest;
import dev.spooled.proto.v1.EnqueueRequest;
import dev.spooled.proto.v1.EnqueueResponse;
import dev.spooled.proto.v1.QueueServiceGrpc;
import dev.spooled.support.Await;
import dev.spooled.support.TestServer;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.MethodDescriptor;
import io.grpc.Status.Code;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.ClientCalls;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Exception;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What holds for the port as a whole: health, reflection, limits, TLS, broken requests, and how it stops.
class GrpcServerTest {
    private final TestServer server = new TestServer();
    private final GrpcCalls calls = GrpcCalls.to(server);

    @AfterEach
    void stop() {
        calls.close();
        server.close();
    }

    private GrpcServer other(UnaryOperator<GrpcServer.Options> change) {
        return server.grpcWith(change.apply(GrpcServer.Options.local())).start();
    }

    // ---- health and reflection

    private ServingStatus health(String name) {
        return HealthGrpc.newBlockingStub(calls.channel)
                .check(HealthCheckRequest.newBuilder().setService(name).build())
                .getStatus();
    }

    @Test
    void healthNamesTheServicesAndNeedsNoKey() {
        for (String name :
                List.of("", "spooled.v1.QueueService", "spooled.v1.WorkerService", "spooled.batch.v1.BatchService")) {
            assertThat(health(name)).as(name).isEqualTo(ServingStatus.SERVING);
        }
        assertRefused(Code.NOT_FOUND, "unknown service", () -> health("nobody"));
    }

    @Test
    void healthIsWatched() {
        Received<HealthCheckRequest, HealthCheckResponse> watch = Received.all();
        HealthGrpc.newStub(calls.channel).watch(HealthCheckRequest.getDefaultInstance(), watch);
        assertThat(watch.next().getStatus()).isEqualTo(ServingStatus.SERVING);
        var report = new HealthReport(server.grpc());
        server.ready = false;
        report.runOnce();
        assertThat(watch.next().getStatus()).isEqualTo(ServingStatus.NOT_SERVING);
        server.ready = true;
        report.runOnce();
        assertThat(watch.next().getStatus()).isEqualTo(ServingStatus.SERVING);
        server.grpc().drain();
        assertThat(watch.next().getStatus()).isEqualTo(ServingStatus.NOT_SERVING);
    }

    @Test
    void bothReflectionsListTheServices() {
        Received<ServerReflectionRequest, ServerReflectionResponse> newer = Received.all();
        ServerReflectionGrpc.newStub(calls.channel)
                .serverReflectionInfo(newer)
                .onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
        assertThat(newer.next().getListServicesResponse().getServiceList())
                .extracting(service -> service.getName())
                .contains("spooled.v1.QueueService", "spooled.v1.WorkerService", "spooled.batch.v1.BatchService");
        Received<
                        io.grpc.reflection.v1alpha.ServerReflectionRequest,
                        io.grpc.reflection.v1alpha.ServerReflectionResponse>
                older = Received.all();
        io.grpc.reflection.v1alpha.ServerReflectionGrpc.newStub(calls.channel)
                .serverReflectionInfo(older)
                .onNext(io.grpc.reflection.v1alpha.ServerReflectionRequest.newBuilder()
                        .setFileContainingSymbol("spooled.v1.QueueService.ProcessJobs")
                        .build());
        assertThat(older.next().getFileDescriptorResponse().getFileDescriptorProtoCount())
                .isPositive();
    }

    // ---- broken requests

    private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return stream.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private byte[] send(MethodDescriptor<?, ?> method, byte[] request) {
        var raw = MethodDescriptor.<byte[], byte[]>newBuilder(new Bytes(), new Bytes())
                .setFullMethodName(method.getFullMethodName())
                .setType(MethodDescriptor.MethodType.UNARY)
                .build();
        var headers = io.grpc.stub.MetadataUtils.newAttachHeadersInterceptor(GrpcCalls.key(server.key));
        return ClientCalls.blockingUnaryCall(
                io.grpc.ClientInterceptors.intercept(calls.channel, headers), raw, CallOptions.DEFAULT, request);
    }

    @Test
    void whatIsNoMessageIsTheCallersFault() {
        var enqueue = QueueServiceGrpc.getEnqueueMethod();
        byte[] valid = EnqueueRequest.newBuilder().setQueueName("raw").build().toByteArray();
        assertThat(send(enqueue, valid)).isNotEmpty();
        assertRefused(Code.INVALID_ARGUMENT, "malformed", () -> send(enqueue, new byte[] {0x0A, 0x7F, 'x'}));
        assertRefused(
                Code.INVALID_ARGUMENT,
                "malformed",
                () -> send(enqueue, new byte[] {0x0A, 0x02, (byte) 0xC3, (byte) 0x28}));
        assertRefused(Code.INVALID_ARGUMENT, "malformed", () -> send(enqueue, nested(500)));
        assertRefused(
                Code.INVALID_ARGUMENT,
                "malformed",
                () -> send(QueueServiceGrpc.getProcessJobsMethod(), new byte[] {0x0A, 0x7F}));
        Await.until(server.grpc()::openStreams, open -> open == 0);
    }

    /// A payload of lists in lists, deeper than messages may nest.
    private static byte[] nested(int depth) {
        var value = com.google.protobuf.Value.newBuilder().setBoolValue(true).build();
        for (int i = 0; i < depth; i++) {
            value = com.google.protobuf.Value.newBuilder()
                    .setListValue(com.google.protobuf.ListValue.newBuilder().addValues(value))
                    .build();
        }
        return EnqueueRequest.newBuilder()
                .setQueueName("raw")
                .setPayload(GrpcCalls.struct("deep", value))
                .build()
                .toByteArray();
    }

    // ---- limits

    @Test
    void messagesAreBoundedAsSet() {
        GrpcServer small = other(it -> new GrpcServer.Options(
                it.host(),
                0,
                null,
                100,
                it.maxConnections(),
                it.maxStreams(),
                it.streamsOfOrganization(),
                it.keepAlive(),
                it.drain()));
        try (small;
                var client = GrpcCalls.to(small.port(), GrpcCalls.key(server.key))) {
            assertThat(client.enqueue("small")).isNotEmpty();
            assertRefused(Code.RESOURCE_EXHAUSTED, "100", () -> client.enqueue("q".repeat(101)));
        }
    }

    @Test
    void connectionsAreBoundedAsSet() {
        GrpcServer few = other(it -> new GrpcServer.Options(
                it.host(),
                0,
                null,
                it.maxMessageBytes(),
                1,
                it.maxStreams(),
                it.streamsOfOrganization(),
                it.keepAlive(),
                it.drain()));
        try (few) {
            try (var first = GrpcCalls.to(few.port(), GrpcCalls.key(server.key))) {
                assertThat(first.enqueue("few")).isNotEmpty();
                try (var second = GrpcCalls.to(few.port(), GrpcCalls.key(server.key))) {
                    assertThat(GrpcCalls.failure(() -> second.enqueue("few")).getCode())
                            .isEqualTo(Code.UNAVAILABLE);
                }
            }
            Await.until(() -> canEnqueue(few.port()), yes -> yes);
        }
    }

    private boolean canEnqueue(int port) {
        try (var client = GrpcCalls.to(port, GrpcCalls.key(server.key))) {
            return !client.enqueue("few").isEmpty();
        } catch (io.grpc.StatusRuntimeException e) {
            return false;
        }
    }

    @Test
    void http1IsRefused() throws IOException {
        try (var socket = new Socket("127.0.0.1", server.grpc().port())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            byte[] answer = socket.getInputStream().readAllBytes();
            assertThat(new String(answer, StandardCharsets.ISO_8859_1)).doesNotContain("200 OK");
        }
    }

    /// The library drops such a header on the client's side, so this one is put together by hand: preface,
    /// settings, and one request whose key is not ASCII.
    @Test
    void aKeyThatIsNotAsciiIsToldSo() throws IOException {
        var fields = new ByteArrayOutputStream();
        fields.write(new byte[] {(byte) 0x83, (byte) 0x86});
        literal(fields, ":path", "/spooled.v1.QueueService/Enqueue".getBytes(StandardCharsets.US_ASCII));
        literal(fields, ":authority", "x".getBytes(StandardCharsets.US_ASCII));
        literal(fields, "content-type", "application/grpc".getBytes(StandardCharsets.US_ASCII));
        literal(fields, "te", "trailers".getBytes(StandardCharsets.US_ASCII));
        literal(fields, "x-api-key", new byte[] {'k', (byte) 0xC3, (byte) 0xA9});
        try (var socket = new Socket("127.0.0.1", server.grpc().port())) {
            socket.setSoTimeout(10_000);
            var out = socket.getOutputStream();
            out.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            frame(out, 4, 0, 0, new byte[0]);
            frame(out, 1, 4, 1, fields.toByteArray());
            frame(out, 0, 1, 1, new byte[5]);
            var in = new DataInputStream(socket.getInputStream());
            String status = "";
            while (status.isEmpty()) {
                int length = in.readUnsignedShort() << 8 | in.readUnsignedByte();
                int type = in.readUnsignedByte();
                in.readUnsignedByte();
                in.readInt();
                byte[] payload = in.readNBytes(length);
                if (type == 1) {
                    status = decoded(payload);
                }
            }
            assertThat(status).contains("grpc-status: 16").containsPattern("Invalid.*encoding");
        }
    }

    private static void literal(ByteArrayOutputStream to, String name, byte[] value) {
        to.write(0);
        to.write(name.length());
        to.writeBytes(name.getBytes(StandardCharsets.US_ASCII));
        to.write(value.length);
        to.writeBytes(value);
    }

    private static void frame(OutputStream to, int type, int flags, int stream, byte[] payload) throws IOException {
        to.write(new byte[] {0, 0, (byte) payload.length, (byte) type, (byte) flags, 0, 0, 0, (byte) stream});
        to.write(payload);
        to.flush();
    }

    private static String decoded(byte[] block) {
        try {
            var headers = new DefaultHttp2HeadersDecoder().decodeHeaders(1, Unpooled.wrappedBuffer(block));
            var lines = new StringBuilder();
            headers.forEach(header -> lines.append(header.getKey())
                    .append(": ")
                    .append(header.getValue())
                    .append('\n'));
            return lines.toString();
        } catch (Http2Exception e) {
            throw new AssertionError(e);
        }
    }

    // ---- TLS

    @Test
    void tlsByTheNamedFiles(@TempDir Path folder) throws Exception {
        var files = certificate(folder);
        var tls = GrpcServer.Tls.of(files.certificate(), files.key());
        GrpcServer secure = other(it -> new GrpcServer.Options(
                it.host(),
                0,
                tls,
                it.maxMessageBytes(),
                it.maxConnections(),
                it.maxStreams(),
                it.streamsOfOrganization(),
                it.keepAlive(),
                it.drain()));
        try (secure) {
            assertThat(secure.isSecure()).isTrue();
            ManagedChannel channel = NettyChannelBuilder.forAddress("localhost", secure.port())
                    .sslContext(GrpcSslContexts.forClient()
                            .trustManager(files.certificate().toFile())
                            .build())
                    .build();
            try {
                assertThat(HealthGrpc.newBlockingStub(channel)
                                .check(HealthCheckRequest.getDefaultInstance())
                                .getStatus())
                        .isEqualTo(ServingStatus.SERVING);
            } finally {
                channel.shutdownNow();
            }
            ManagedChannel plain = ManagedChannelBuilder.forAddress("localhost", secure.port())
                    .usePlaintext()
                    .build();
            try {
                assertThat(GrpcCalls.failure(() -> HealthGrpc.newBlockingStub(plain)
                                        .check(HealthCheckRequest.getDefaultInstance()))
                                .getCode())
                        .isEqualTo(Code.UNAVAILABLE);
            } finally {
                plain.shutdownNow();
            }
        }
    }

    private record Pem(Path certificate, Path key) {}

    @Test
    void filesThatAreNoCertificateStopTheStart(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("x.pem"), "no certificate");
        assertThatThrownBy(() -> GrpcServer.Tls.of(file, file))
                .isInstanceOf(CannotStart.class)
                .hasMessageContaining("GRPC_TLS_CERT_PATH");
    }

    @Test
    void aPortThatIsTakenStopsTheStart() {
        int taken = server.grpc().port();
        GrpcServer second = server.grpcWith(new GrpcServer.Options(
                "127.0.0.1", taken, null, 1_000, 10, 10, 10, Duration.ofSeconds(10), Duration.ofSeconds(1)));
        assertThatThrownBy(second::start).isInstanceOf(CannotStart.class).hasMessageContaining("GRPC_PORT " + taken);
        second.close();
    }

    /// A certificate of the test's own, made by the JDK.
    private static Pem certificate(Path folder) throws IOException, InterruptedException, GeneralSecurityException {
        Path store = folder.resolve("store.p12");
        var keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "grpc",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=localhost",
                        "-ext",
                        "san=dns:localhost",
                        "-storetype",
                        "PKCS12",
                        "-storepass",
                        "change-it",
                        "-keystore",
                        store.toString())
                .inheritIO()
                .start();
        assertThat(keytool.waitFor()).isZero();
        var keys = KeyStore.getInstance(store.toFile(), "change-it".toCharArray());
        Path certificate = folder.resolve("cert.pem");
        Path key = folder.resolve("key.pem");
        Files.writeString(
                certificate, pem("CERTIFICATE", keys.getCertificate("grpc").getEncoded()));
        Files.writeString(
                key,
                pem(
                        "PRIVATE KEY",
                        keys.getKey("grpc", "change-it".toCharArray()).getEncoded()));
        return new Pem(certificate, key);
    }

    private static String pem(String what, byte[] content) {
        String lines = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
        return "-----BEGIN " + what + "-----\n" + lines + "\n-----END " + what + "-----\n";
    }

    // ---- the end

    /// A stop lets the call under way finish, refuses the next, and is over soon.
    @Test
    void aStopFinishesWhatIsUnderWay() throws SQLException {
        calls.enqueue("end");
        Received<EnqueueRequest, EnqueueResponse> underWay = Received.all();
        try (Connection lock = server.database.connect();
                Statement statement = lock.createStatement()) {
            lock.setAutoCommit(false);
            statement.execute("lock table ready in exclusive mode");
            calls.streams.enqueue(
                    EnqueueRequest.newBuilder().setQueueName("end").build(), underWay);
            Await.until(() -> isSomebodyWaiting(statement), yes -> yes);
            server.stopServing();
            try (var late = GrpcCalls.to(server)) {
                assertThat(GrpcCalls.failure(() -> late.enqueue("end")).getCode())
                        .isEqualTo(Code.UNAVAILABLE);
            }
            lock.rollback();
        }
        assertThat(underWay.next().getCreated()).isTrue();
        assertThat(underWay.end().isOk()).isTrue();
        long began = System.nanoTime();
        server.grpc().close();
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(5));
    }

    private static boolean isSomebodyWaiting(Statement statement) {
        try (ResultSet waiting = statement.executeQuery("select exists (select from pg_locks where not granted)")) {
            waiting.next();
            return waiting.getBoolean(1);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void callsAreCounted() {
        calls.enqueue("counted");
        calls.dequeue("counted", 1);
        GrpcCalls.failure(() -> calls.queue.dequeue(DequeueRequest.getDefaultInstance()));
        assertThat(server.send(server.to("/metrics")).body())
                .contains(
                        "spooled_api_requests_total{method=\"GRPC\",route=\"spooled.v1.QueueService/Dequeue\",status=\"0\"} 1.0")
                .contains(
                        "spooled_api_requests_total{method=\"GRPC\",route=\"spooled.v1.QueueService/Dequeue\",status=\"3\"} 1.0");
    }
}
