package dev.spooled.owasp;

import static dev.spooled.owasp.Wire.send;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.Contract;
import dev.spooled.support.TestServer;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.reflection.v1.ServiceResponse;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// API9: doors that nobody remembers. That the routes of the server and those of openapi.yaml are the same is shown by
/// `ReadmeTest`, of the server as people start it; here is what answers on the wire.
final class ImproperInventoryManagementTest {
    private static final TestServer SERVER = new TestServer();

    @AfterAll
    static void close() {
        SERVER.close();
    }

    @Test
    void whatIsDescribedIsServed() {
        for (var operation : Surface.operations()) {
            if (!operation.isLive()) {
                var answer = send(
                        SERVER, operation.method(), operation.at("x"), "", "Authorization", "Bearer " + SERVER.key);
                assertThat(answer.body()).as(operation.toString()).doesNotContain("There is nothing at");
                assertThat(answer.statusCode()).as(operation.toString()).isNotEqualTo(405);
            }
        }
    }

    /// A method that is not described is not served, and what Allow says is what is described.
    @Test
    void whatIsNotDescribedIsNotServed() {
        for (String path : Surface.operations().stream()
                .map(Surface.Operation::path)
                .distinct()
                .toList()) {
            List<String> described = Surface.operations().stream()
                    .filter(it -> it.path().equals(path))
                    .map(Surface.Operation::method)
                    .toList();
            for (String method : List.of("GET", "POST", "PUT", "PATCH", "DELETE")) {
                String at = path.replaceAll("\\{[^/]+}", "x");
                if (Contract.read().operationOf(method, at).isEmpty()) {
                    var answer = send(SERVER, method, at, "", "Authorization", "Bearer " + SERVER.key);
                    assertThat(answer.statusCode()).as(method + " " + at).isEqualTo(405);
                    assertThat(answer.headers().firstValue("Allow").orElse(""))
                            .as(method + " " + at)
                            .contains(described);
                }
            }
        }
    }

    /// Doors that other servers leave open, older and newer versions of this API, and paths that some clients
    /// call and no server ever had.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "/actuator",
                "/actuator/env",
                "/debug",
                "/debug/pprof/",
                "/console",
                "/admin",
                "/swagger-ui",
                "/swagger.json",
                "/openapi.json",
                "/openapi",
                "/graphql",
                "/.env",
                "/.git/config",
                "/server-status",
                "/jolokia",
                "/h2-console",
                "/observe/health",
                "/observe/info",
                "/threads",
                "/heapdump",
                "/favicon.ico",
                "/index.html",
                "/",
                "/api",
                "/api/v1",
                "/api/v0/jobs",
                "/api/v2/jobs",
                "/v1/jobs",
                "/jobs",
                "/api/jobs",
                "/api/v1/internal",
                "/api/v1/debug",
                "/api/v1/test",
                "/api/v1/admin",
                "/api/v1/admin/jobs",
                "/api/v1/admin/workers",
                "/api/v1/admin/queues",
                "/api/v1/admin/config",
                "/api/v1/admin/maintenance",
                "/api/v1/auth/register",
                "/api/v1/auth/password/reset",
                "/api/v1/dashboard/overview",
                "/api/v1/dashboard/activity",
                "/api/v1/billing/checkout",
                "/api/v1/users",
                "/api/v1/tokens"
            })
    void thereIsNothing(String path) {
        for (String method : List.of("GET", "POST")) {
            var answer = send(
                    SERVER,
                    method,
                    path,
                    "",
                    "Authorization",
                    "Bearer " + SERVER.key,
                    "X-Admin-Key",
                    TestServer.ADMIN_KEY);
            assertThat(answer.statusCode()).as(method + " " + path).isEqualTo(404);
        }
    }

    /// Over gRPC there are the services that contract/proto describes, health and reflection.
    @Test
    void grpcHasTheServicesThatAreKnown() throws Exception {
        var channel = NettyChannelBuilder.forAddress("127.0.0.1", SERVER.grpc().port())
                .usePlaintext()
                .build();
        var told = new CompletableFuture<List<String>>();
        try {
            StreamObserver<ServerReflectionRequest> ask = ServerReflectionGrpc.newStub(channel)
                    .serverReflectionInfo(new StreamObserver<>() {
                        @Override
                        public void onNext(ServerReflectionResponse answer) {
                            told.complete(answer.getListServicesResponse().getServiceList().stream()
                                    .map(ServiceResponse::getName)
                                    .toList());
                        }

                        @Override
                        public void onError(Throwable failure) {
                            told.completeExceptionally(failure);
                        }

                        @Override
                        public void onCompleted() {}
                    });
            ask.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
            assertThat(told.get(10, TimeUnit.SECONDS))
                    .containsExactlyInAnyOrder(
                            "spooled.v1.QueueService",
                            "spooled.v1.WorkerService",
                            "spooled.batch.v1.BatchService",
                            "grpc.health.v1.Health",
                            "grpc.reflection.v1.ServerReflection",
                            "grpc.reflection.v1alpha.ServerReflection");
            ask.onCompleted();
        } finally {
            channel.shutdownNow();
        }
    }

    /// One API and one version of it; another is refused rather than guessed.
    @Test
    void thereIsOneVersion() {
        for (String version : List.of("0", "2", "1.1", "v1", "beta")) {
            var answer = send(
                    SERVER,
                    "GET",
                    "/api/v1/queues",
                    "",
                    "Authorization",
                    "Bearer " + SERVER.key,
                    "X-API-Version",
                    version);
            assertThat(answer.statusCode()).as(version).isEqualTo(400);
        }
        assertThat(Stream.of("1", "<script>", "x".repeat(17))
                        .map(version -> send(
                                        SERVER,
                                        "GET",
                                        "/api/v1/queues",
                                        "",
                                        "Authorization",
                                        "Bearer " + SERVER.key,
                                        "X-API-Version",
                                        version.toLowerCase(Locale.ROOT))
                                .statusCode()))
                .containsOnly(200);
    }
}
