package dev.spooled.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Struct;
import com.google.protobuf.Timestamp;
import com.google.protobuf.Value;
import dev.spooled.proto.v1.CompleteRequest;
import dev.spooled.proto.v1.CompleteResponse;
import dev.spooled.proto.v1.DequeueRequest;
import dev.spooled.proto.v1.DequeueResponse;
import dev.spooled.proto.v1.DeregisterRequest;
import dev.spooled.proto.v1.DeregisterResponse;
import dev.spooled.proto.v1.EnqueueRequest;
import dev.spooled.proto.v1.EnqueueResponse;
import dev.spooled.proto.v1.ErrorResponse;
import dev.spooled.proto.v1.FailRequest;
import dev.spooled.proto.v1.FailResponse;
import dev.spooled.proto.v1.GetJobRequest;
import dev.spooled.proto.v1.GetJobResponse;
import dev.spooled.proto.v1.GetQueueStatsRequest;
import dev.spooled.proto.v1.GetQueueStatsResponse;
import dev.spooled.proto.v1.HeartbeatRequest;
import dev.spooled.proto.v1.HeartbeatResponse;
import dev.spooled.proto.v1.Job;
import dev.spooled.proto.v1.JobStatus;
import dev.spooled.proto.v1.ProcessRequest;
import dev.spooled.proto.v1.ProcessResponse;
import dev.spooled.proto.v1.QueueServiceGrpc;
import dev.spooled.proto.v1.RegisterWorkerRequest;
import dev.spooled.proto.v1.RegisterWorkerResponse;
import dev.spooled.proto.v1.RenewLeaseRequest;
import dev.spooled.proto.v1.RenewLeaseResponse;
import dev.spooled.proto.v1.StreamJobsRequest;
import dev.spooled.proto.v1.WorkerServiceGrpc;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/// Every message as bytes, put together by hand from the contract's table of fields and never by the generated code:
/// they are read as the values they were made of, and written again as the same bytes.
class WireBytesTest {
    private static final long TIME = 1_764_072_000L;

    private static final Struct PAYLOAD = Struct.newBuilder()
            .putFields("n", Value.newBuilder().setNumberValue(42).build())
            .build();

    private static final Job JOB = Job.newBuilder()
            .setId("j-1")
            .setOrganizationId("o-1")
            .setQueueName("emails")
            .setStatus(JobStatus.JOB_STATUS_PROCESSING)
            .setPayload(PAYLOAD)
            .setResult(Struct.newBuilder()
                    .putFields("ok", Value.newBuilder().setBoolValue(true).build()))
            .setRetryCount(2)
            .setMaxRetries(3)
            .setLastError("boom")
            .setPriority(-5)
            .setTimeoutSeconds(300)
            .setCreatedAt(time(0))
            .setScheduledAt(time(1))
            .setStartedAt(time(2))
            .setCompletedAt(time(3))
            .setLeaseExpiresAt(time(4))
            .setAssignedWorkerId("w-1")
            .setIdempotencyKey("key-1")
            .setLeaseId("l-1")
            .build();

    private static final DequeueRequest DEQUEUE = DequeueRequest.newBuilder()
            .setQueueName("emails")
            .setWorkerId("w-1")
            .setLeaseDurationSecs(60)
            .setBatchSize(10)
            .build();

    private static final CompleteRequest COMPLETE = CompleteRequest.newBuilder()
            .setJobId("j-1")
            .setWorkerId("w-1")
            .setResult(PAYLOAD)
            .setLeaseId("l-1")
            .build();

    private static final FailRequest FAIL = FailRequest.newBuilder()
            .setJobId("j-1")
            .setWorkerId("w-1")
            .setError("boom")
            .setRetry(true)
            .setLeaseId("l-1")
            .build();

    private static final RenewLeaseRequest RENEW = RenewLeaseRequest.newBuilder()
            .setJobId("j-1")
            .setWorkerId("w-1")
            .setExtensionSecs(60)
            .setLeaseId("l-1")
            .build();

    private static final CompleteResponse COMPLETED =
            CompleteResponse.newBuilder().setSuccess(true).build();
    private static final FailResponse FAILED = FailResponse.newBuilder()
            .setSuccess(true)
            .setWillRetry(true)
            .setNextRetryDelaySecs(16)
            .build();
    private static final RenewLeaseResponse RENEWED = RenewLeaseResponse.newBuilder()
            .setSuccess(true)
            .setNewExpiresAt(time(0))
            .build();
    private static final ErrorResponse ERROR = ErrorResponse.newBuilder()
            .setCode("NO_JOBS")
            .setMessage("No jobs available")
            .build();

    private static Timestamp time(int seconds) {
        return Timestamp.newBuilder()
                .setSeconds(TIME + seconds)
                .setNanos(1_000 * (seconds + 1))
                .build();
    }

    /// The values the bytes below were made of.
    private static final Map<String, Message> VALUES = new TreeMap<>(Map.ofEntries(
            Map.entry("Job", JOB),
            Map.entry(
                    "EnqueueRequest",
                    EnqueueRequest.newBuilder()
                            .setQueueName("emails")
                            .setPayload(PAYLOAD)
                            .setPriority(-5)
                            .setMaxRetries(7)
                            .setTimeoutSeconds(60)
                            .setScheduledAt(time(0))
                            .setIdempotencyKey("key-1")
                            .putTags("env", "prod")
                            .build()),
            Map.entry(
                    "EnqueueResponse",
                    EnqueueResponse.newBuilder()
                            .setJobId("j-1")
                            .setCreated(true)
                            .build()),
            Map.entry("DequeueRequest", DEQUEUE),
            Map.entry(
                    "DequeueResponse",
                    DequeueResponse.newBuilder()
                            .addJobs(JOB)
                            .addJobs(Job.newBuilder().setId("j-2"))
                            .build()),
            Map.entry("CompleteRequest", COMPLETE),
            Map.entry("CompleteResponse", COMPLETED),
            Map.entry("FailRequest", FAIL),
            Map.entry("FailResponse", FAILED),
            Map.entry("RenewLeaseRequest", RENEW),
            Map.entry("RenewLeaseResponse", RENEWED),
            Map.entry(
                    "GetJobRequest", GetJobRequest.newBuilder().setJobId("j-1").build()),
            Map.entry("GetJobResponse", GetJobResponse.newBuilder().setJob(JOB).build()),
            Map.entry(
                    "GetQueueStatsRequest",
                    GetQueueStatsRequest.newBuilder().setQueueName("emails").build()),
            Map.entry(
                    "GetQueueStatsResponse",
                    GetQueueStatsResponse.newBuilder()
                            .setQueueName("emails")
                            .setPending(2_000)
                            .setScheduled(3_000)
                            .setProcessing(4_000)
                            .setCompleted(5_000)
                            .setFailed(6_000)
                            .setDeadletter(7_000)
                            .setTotal(8_000)
                            .setMaxAgeMs(1L << 40)
                            .build()),
            Map.entry(
                    "StreamJobsRequest",
                    StreamJobsRequest.newBuilder()
                            .setQueueName("emails")
                            .setWorkerId("w-1")
                            .setLeaseDurationSecs(60)
                            .build()),
            Map.entry(
                    "ProcessRequest dequeue",
                    ProcessRequest.newBuilder().setDequeue(DEQUEUE).build()),
            Map.entry(
                    "ProcessRequest complete",
                    ProcessRequest.newBuilder().setComplete(COMPLETE).build()),
            Map.entry(
                    "ProcessRequest fail",
                    ProcessRequest.newBuilder().setFail(FAIL).build()),
            Map.entry(
                    "ProcessRequest renew_lease",
                    ProcessRequest.newBuilder().setRenewLease(RENEW).build()),
            Map.entry(
                    "ProcessResponse job",
                    ProcessResponse.newBuilder().setJob(JOB).build()),
            Map.entry(
                    "ProcessResponse complete",
                    ProcessResponse.newBuilder().setComplete(COMPLETED).build()),
            Map.entry(
                    "ProcessResponse fail",
                    ProcessResponse.newBuilder().setFail(FAILED).build()),
            Map.entry(
                    "ProcessResponse renew_lease",
                    ProcessResponse.newBuilder().setRenewLease(RENEWED).build()),
            Map.entry(
                    "ProcessResponse error",
                    ProcessResponse.newBuilder().setError(ERROR).build()),
            Map.entry("ErrorResponse", ERROR),
            Map.entry(
                    "RegisterWorkerRequest",
                    RegisterWorkerRequest.newBuilder()
                            .setQueueName("emails")
                            .setHostname("web-1")
                            .setWorkerType("mailer")
                            .setMaxConcurrency(5)
                            .setVersion("1.2")
                            .putMetadata("zone", "a")
                            .build()),
            Map.entry(
                    "RegisterWorkerResponse",
                    RegisterWorkerResponse.newBuilder()
                            .setWorkerId("w-1")
                            .setLeaseDurationSecs(300)
                            .setHeartbeatIntervalSecs(10)
                            .build()),
            Map.entry(
                    "HeartbeatRequest",
                    HeartbeatRequest.newBuilder()
                            .setWorkerId("w-1")
                            .setCurrentJobs(3)
                            .setStatus("healthy")
                            .putMetadata("zone", "a")
                            .build()),
            Map.entry(
                    "HeartbeatResponse",
                    HeartbeatResponse.newBuilder()
                            .setAcknowledged(true)
                            .setShouldDrain(true)
                            .build()),
            Map.entry(
                    "DeregisterRequest",
                    DeregisterRequest.newBuilder().setWorkerId("w-1").build()),
            Map.entry(
                    "DeregisterResponse",
                    DeregisterResponse.newBuilder().setSuccess(true).build())));

    private static final String BYTES = """
            Job:
            0a036a2d3112036f2d311a06656d61696c7320032a100a0e0a016e1209110000000000004540320a0a080a026f6b1202
            2001380240034a04626f6f6d50fbffffffffffffffff0158ac02620908c0b496c90610e8076a0908c1b496c90610d00f
            720908c2b496c90610b8177a0908c3b496c90610a01f82010908c4b496c9061088278a0103772d319201056b65792d31
            9a01036c2d31
            EnqueueRequest:
            0a06656d61696c7312100a0e0a016e120911000000000000454018fbffffffffffffffff012007283c320908c0b496c9
            0610e8073a056b65792d31420b0a03656e76120470726f64
            EnqueueResponse:
            0a036a2d311001
            DequeueRequest:
            0a06656d61696c731203772d31183c200a
            DequeueResponse:
            0a96010a036a2d3112036f2d311a06656d61696c7320032a100a0e0a016e1209110000000000004540320a0a080a026f
            6b12022001380240034a04626f6f6d50fbffffffffffffffff0158ac02620908c0b496c90610e8076a0908c1b496c906
            10d00f720908c2b496c90610b8177a0908c3b496c90610a01f82010908c4b496c9061088278a0103772d319201056b65
            792d319a01036c2d310a050a036a2d32
            CompleteRequest:
            0a036a2d311203772d311a100a0e0a016e120911000000000000454022036c2d31
            CompleteResponse:
            0801
            FailRequest:
            0a036a2d311203772d311a04626f6f6d20012a036c2d31
            FailResponse:
            080110011810
            RenewLeaseRequest:
            0a036a2d311203772d31183c22036c2d31
            RenewLeaseResponse:
            0801120908c0b496c90610e807
            GetJobRequest:
            0a036a2d31
            GetJobResponse:
            0a96010a036a2d3112036f2d311a06656d61696c7320032a100a0e0a016e1209110000000000004540320a0a080a026f
            6b12022001380240034a04626f6f6d50fbffffffffffffffff0158ac02620908c0b496c90610e8076a0908c1b496c906
            10d00f720908c2b496c90610b8177a0908c3b496c90610a01f82010908c4b496c9061088278a0103772d319201056b65
            792d319a01036c2d31
            GetQueueStatsRequest:
            0a06656d61696c73
            GetQueueStatsResponse:
            0a06656d61696c7310d00f18b81720a01f28882730f02e38d83640c03e48808080808020
            StreamJobsRequest:
            0a06656d61696c731203772d31183c
            ProcessRequest dequeue:
            0a110a06656d61696c731203772d31183c200a
            ProcessRequest complete:
            12210a036a2d311203772d311a100a0e0a016e120911000000000000454022036c2d31
            ProcessRequest fail:
            1a170a036a2d311203772d311a04626f6f6d20012a036c2d31
            ProcessRequest renew_lease:
            22110a036a2d311203772d31183c22036c2d31
            ProcessResponse job:
            0a96010a036a2d3112036f2d311a06656d61696c7320032a100a0e0a016e1209110000000000004540320a0a080a026f
            6b12022001380240034a04626f6f6d50fbffffffffffffffff0158ac02620908c0b496c90610e8076a0908c1b496c906
            10d00f720908c2b496c90610b8177a0908c3b496c90610a01f82010908c4b496c9061088278a0103772d319201056b65
            792d319a01036c2d31
            ProcessResponse complete:
            12020801
            ProcessResponse fail:
            1a06080110011810
            ProcessResponse renew_lease:
            220d0801120908c0b496c90610e807
            ProcessResponse error:
            2a1c0a074e4f5f4a4f425312114e6f206a6f627320617661696c61626c65
            ErrorResponse:
            0a074e4f5f4a4f425312114e6f206a6f627320617661696c61626c65
            RegisterWorkerRequest:
            0a06656d61696c7312057765622d311a066d61696c657220052a03312e3232090a047a6f6e65120161
            RegisterWorkerResponse:
            0a03772d3110ac02180a
            HeartbeatRequest:
            0a03772d3110031a076865616c74687922090a047a6f6e65120161
            HeartbeatResponse:
            08011001
            DeregisterRequest:
            0a03772d31
            DeregisterResponse:
            0801
            """;

    private static Map<String, String> bytes() {
        Map<String, String> found = new TreeMap<>();
        String name = "";
        for (String line : BYTES.lines().toList()) {
            if (line.endsWith(":")) {
                name = line.substring(0, line.length() - 1);
            } else {
                found.merge(name, line, String::concat);
            }
        }
        return found;
    }

    @Test
    void everyMessageIsReadAndWrittenAsItsBytes() throws InvalidProtocolBufferException {
        Map<String, String> bytes = bytes();
        assertThat(bytes.keySet()).isEqualTo(VALUES.keySet());
        for (var entry : bytes.entrySet()) {
            Message value = Objects.requireNonNull(VALUES.get(entry.getKey()));
            byte[] recorded = HexFormat.of().parseHex(entry.getValue());
            assertThat(value.getParserForType().parseFrom(recorded))
                    .as(entry.getKey())
                    .isEqualTo(value);
            assertThat(HexFormat.of().formatHex(value.toByteArray()))
                    .as(entry.getKey())
                    .isEqualTo(entry.getValue());
        }
    }

    /// Every message of the file has its bytes above, and no field of one is left out there.
    @Test
    void noMessageAndNoFieldIsForgotten() {
        for (var type : Job.getDescriptor().getFile().getMessageTypes()) {
            var used = VALUES.values().stream()
                    .filter(value -> value.getDescriptorForType().equals(type))
                    .flatMap(value -> value.getAllFields().keySet().stream())
                    .distinct()
                    .count();
            assertThat(used).as(type.getName()).isEqualTo(type.getFields().size());
        }
    }

    @Test
    void theStatesHaveTheirNumbers() {
        assertThat(Arrays.stream(JobStatus.values())
                        .filter(status -> status != JobStatus.UNRECOGNIZED)
                        .map(status -> status.getNumber() + " " + status)
                        .toList())
                .containsExactly(
                        "0 JOB_STATUS_UNSPECIFIED",
                        "1 JOB_STATUS_PENDING",
                        "2 JOB_STATUS_SCHEDULED",
                        "3 JOB_STATUS_PROCESSING",
                        "4 JOB_STATUS_COMPLETED",
                        "5 JOB_STATUS_FAILED",
                        "6 JOB_STATUS_DEADLETTER",
                        "7 JOB_STATUS_CANCELLED");
    }

    @Test
    void theMethodsHaveTheirNamesAndKinds() {
        assertThat(QueueServiceGrpc.getServiceDescriptor().getMethods())
                .extracting(method -> method.getFullMethodName() + " " + method.getType())
                .containsExactlyInAnyOrder(
                        "spooled.v1.QueueService/Enqueue UNARY",
                        "spooled.v1.QueueService/Dequeue UNARY",
                        "spooled.v1.QueueService/Complete UNARY",
                        "spooled.v1.QueueService/Fail UNARY",
                        "spooled.v1.QueueService/RenewLease UNARY",
                        "spooled.v1.QueueService/GetJob UNARY",
                        "spooled.v1.QueueService/GetQueueStats UNARY",
                        "spooled.v1.QueueService/StreamJobs SERVER_STREAMING",
                        "spooled.v1.QueueService/ProcessJobs BIDI_STREAMING");
        assertThat(WorkerServiceGrpc.getServiceDescriptor().getMethods())
                .extracting(method -> method.getFullMethodName() + " " + method.getType())
                .containsExactlyInAnyOrder(
                        "spooled.v1.WorkerService/Register UNARY",
                        "spooled.v1.WorkerService/Heartbeat UNARY",
                        "spooled.v1.WorkerService/Deregister UNARY");
    }
}
