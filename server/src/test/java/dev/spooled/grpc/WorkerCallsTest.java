package dev.spooled.grpc;

import static dev.spooled.grpc.GrpcCalls.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.proto.v1.DeregisterRequest;
import dev.spooled.proto.v1.HeartbeatRequest;
import dev.spooled.proto.v1.RegisterWorkerRequest;
import dev.spooled.support.TestServer;
import io.grpc.Status.Code;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// WorkerService, and that REST sees the same workers.
class WorkerCallsTest {
    private static TestServer server;
    private static GrpcCalls calls;

    @BeforeAll
    static void start() {
        server = new TestServer();
        calls = GrpcCalls.to(server);
    }

    @AfterAll
    static void stop() {
        calls.close();
        server.close();
    }

    private static RegisterWorkerRequest.Builder worker() {
        return RegisterWorkerRequest.newBuilder().setQueueName("emails").setHostname("web-1");
    }

    private static String seen(String id) {
        return server.get("/workers/" + id).body();
    }

    @Test
    void aWorkerRegistersReportsAndLeaves() {
        var registered = calls.workers.register(worker().setWorkerType("mailer")
                .setVersion("1.2")
                .setMaxConcurrency(5_000)
                .putMetadata("zone", "a")
                .build());
        assertThat(registered.getLeaseDurationSecs()).isEqualTo(300);
        assertThat(registered.getHeartbeatIntervalSecs()).isEqualTo(10);
        String id = registered.getWorkerId();
        assertThat(seen(id))
                .contains("\"worker_type\":\"mailer\"")
                .contains("\"version\":\"1.2\"")
                .contains("\"max_concurrency\":1000")
                .contains("\"metadata\":{\"zone\": \"a\"}");
        var beat = calls.workers.heartbeat(HeartbeatRequest.newBuilder()
                .setWorkerId(id)
                .setCurrentJobs(3)
                .setStatus("draining")
                .build());
        assertThat(beat.getAcknowledged()).isTrue();
        assertThat(beat.getShouldDrain()).isFalse();
        assertThat(seen(id))
                .contains("\"current_jobs\":3")
                .contains("\"status\":\"draining\"")
                .contains("\"metadata\":{\"zone\": \"a\"}");
        calls.workers.heartbeat(HeartbeatRequest.newBuilder()
                .setWorkerId(id)
                .setStatus("active")
                .putMetadata("zone", "b")
                .build());
        assertThat(seen(id)).contains("\"status\":\"healthy\"").contains("\"metadata\":{\"zone\": \"b\"}");
        assertThat(calls.workers
                        .deregister(
                                DeregisterRequest.newBuilder().setWorkerId(id).build())
                        .getSuccess())
                .isTrue();
        assertThat(seen(id)).contains("\"status\":\"offline\"");
    }

    @Test
    void leavingTouchesNoLease() {
        var job = calls.held("leaving");
        String id = calls.workers.register(worker().build()).getWorkerId();
        calls.workers.deregister(DeregisterRequest.newBuilder().setWorkerId(id).build());
        calls.complete(job);
    }

    @Test
    void zeroIsTheUsualConcurrencyAndAHostnameMayBeEmpty() {
        String id = calls.workers.register(worker().setHostname("").build()).getWorkerId();
        assertThat(seen(id)).contains("\"max_concurrency\":5").contains("\"hostname\":\"\"");
        String other = calls.workers.register(worker().build()).getWorkerId();
        assertThat(other).isNotEqualTo(id);
    }

    @Test
    void unknownWorkersAreNotAcknowledged() {
        assertThat(calls.workers
                        .heartbeat(HeartbeatRequest.newBuilder()
                                .setWorkerId("nobody")
                                .build())
                        .getAcknowledged())
                .isFalse();
        assertThat(calls.workers
                        .deregister(DeregisterRequest.newBuilder()
                                .setWorkerId("nobody")
                                .build())
                        .getSuccess())
                .isFalse();
    }

    @Test
    void wrongWordsAreRefused() {
        assertRefused(
                Code.INVALID_ARGUMENT,
                "Worker ID",
                () -> calls.workers.heartbeat(HeartbeatRequest.getDefaultInstance()));
        assertRefused(
                Code.INVALID_ARGUMENT,
                "Worker ID",
                () -> calls.workers.deregister(DeregisterRequest.getDefaultInstance()));
        assertRefused(
                Code.INVALID_ARGUMENT,
                "Queue name",
                () -> calls.workers.register(worker().setQueueName("").build()));
        for (String hostname : new String[] {".a", "-a", "a b", "h".repeat(256)}) {
            assertRefused(
                    Code.INVALID_ARGUMENT,
                    "hostname",
                    () -> calls.workers.register(worker().setHostname(hostname).build()));
        }
    }
}
