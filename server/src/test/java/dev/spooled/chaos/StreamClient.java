package dev.spooled.chaos;

import dev.spooled.proto.batch.v1.BatchServiceGrpc;
import dev.spooled.proto.batch.v1.ClaimBatchesRequest;
import dev.spooled.proto.batch.v1.JobBatch;
import dev.spooled.proto.v1.CompleteRequest;
import dev.spooled.proto.v1.DequeueRequest;
import dev.spooled.proto.v1.Job;
import dev.spooled.proto.v1.ProcessRequest;
import dev.spooled.proto.v1.ProcessResponse;
import dev.spooled.proto.v1.QueueServiceGrpc;
import dev.spooled.proto.v1.StreamJobsRequest;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// One client of one stream, in a process of its own, so that it can be killed. Says on standard output what
/// reaches it, a line each: `got <job> <lease>`, `event <id> <type> <job>`, `end <why>`. It completes nothing:
/// whatever it was given, it dies with.
final class StreamClient {
    private static final int LEASE_SECONDS = 5;

    /// What a job costs it, so that more come than it has taken.
    private static final long WORK_NANOS = 30_000_000;

    private static final CountDownLatch ENDED = new CountDownLatch(1);

    private StreamClient() {}

    /// The kind of stream, the port it goes to, the key, the queue, and the last event it knows.
    public static void main(String[] args) throws Exception {
        int port = Integer.parseInt(args[1]);
        String key = args[2];
        String queue = args[3];
        String last = args.length > 4 ? args[4] : "";
        switch (StreamCrashTest.Kind.valueOf(args[0])) {
            case STREAM_JOBS -> push(port, key, queue);
            case PROCESS_JOBS -> process(port, key, queue);
            case BATCHES -> batches(port, key, queue);
            case SSE -> listen(port, key, queue, last);
            case WEBSOCKET -> talk(port, key, queue, last);
        }
        ENDED.await();
    }

    private static synchronized void say(String line) {
        System.out.println(line);
        System.out.flush();
    }

    private static io.grpc.Channel channel(int port, String key) {
        var headers = new Metadata();
        headers.put(Metadata.Key.of("x-api-key", Metadata.ASCII_STRING_MARSHALLER), key);
        return io.grpc.ClientInterceptors.intercept(
                NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build(),
                MetadataUtils.newAttachHeadersInterceptor(headers));
    }

    /// Says what comes and how the stream ends.
    private abstract static class Saying<M> implements StreamObserver<M> {
        @Override
        public void onError(Throwable failure) {
            say("end " + Status.fromThrowable(failure).getCode());
            ENDED.countDown();
        }

        @Override
        public void onCompleted() {
            say("end OK");
            ENDED.countDown();
        }
    }

    private static void push(int port, String key, String queue) {
        QueueServiceGrpc.newStub(channel(port, key))
                .streamJobs(
                        StreamJobsRequest.newBuilder()
                                .setQueueName(queue)
                                .setWorkerId("crash")
                                .setLeaseDurationSecs(LEASE_SECONDS)
                                .build(),
                        new Saying<Job>() {
                            @Override
                            public void onNext(Job job) {
                                say("got " + job.getId() + " " + job.getLeaseId());
                                LockSupport.parkNanos(WORK_NANOS);
                            }
                        });
    }

    /// Asks for twenty jobs ahead, and for one more with each that comes; every second one it completes.
    private static void process(int port, String key, String queue) {
        var dequeue = ProcessRequest.newBuilder()
                .setDequeue(DequeueRequest.newBuilder()
                        .setQueueName(queue)
                        .setWorkerId("crash")
                        .setLeaseDurationSecs(LEASE_SECONDS))
                .build();
        var to = new ArrayDeque<StreamObserver<ProcessRequest>>();
        StreamObserver<ProcessRequest> requests = QueueServiceGrpc.newStub(channel(port, key))
                .processJobs(new Saying<ProcessResponse>() {
                    private int jobs;
                    private final ArrayDeque<String> completing = new ArrayDeque<>();

                    @Override
                    public void onNext(ProcessResponse answer) {
                        if (answer.hasJob()) {
                            Job job = answer.getJob();
                            say("got " + job.getId() + " " + job.getLeaseId());
                            if (++jobs % 2 == 0) {
                                completing.add(job.getId());
                                to.element().onNext(completion(job));
                            }
                            to.element().onNext(dequeue);
                        } else if (answer.hasComplete()) {
                            say("done " + completing.remove());
                        }
                    }
                });
        to.add(requests);
        for (int i = 0; i < 20; i++) {
            requests.onNext(dequeue);
        }
    }

    private static ProcessRequest completion(Job job) {
        return ProcessRequest.newBuilder()
                .setComplete(CompleteRequest.newBuilder()
                        .setJobId(job.getId())
                        .setWorkerId("crash")
                        .setLeaseId(job.getLeaseId()))
                .build();
    }

    private static void batches(int port, String key, String queue) {
        BatchServiceGrpc.newStub(channel(port, key))
                .claimBatches(
                        ClaimBatchesRequest.newBuilder()
                                .setQueueName(queue)
                                .setWorkerId("crash")
                                .setLeaseDurationSecs(LEASE_SECONDS)
                                .setCredits(20)
                                .setBatchSize(5)
                                .build(),
                        new Saying<JobBatch>() {
                            @Override
                            public void onNext(JobBatch batch) {
                                batch.getJobsList().forEach(job -> say("got " + job.getId() + " " + job.getLeaseId()));
                                LockSupport.parkNanos(WORK_NANOS);
                            }
                        });
    }

    private static void listen(int port, String key, String queue, String last) throws InterruptedException {
        var request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + port + "/api/v1/events?events=job.created&queue=" + queue))
                .header("Authorization", "Bearer " + key);
        if (!last.isEmpty()) {
            request.header("Last-Event-ID", last);
        }
        try (var client = HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .build();
                var lines = new BufferedReader(new InputStreamReader(
                        client.send(request.build(), BodyHandlers.ofInputStream())
                                .body(),
                        StandardCharsets.UTF_8))) {
            String id = "";
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith(": connected")) {
                    say("open");
                } else if (line.startsWith("id:")) {
                    id = line.substring(3).strip();
                } else if (line.startsWith("data:")) {
                    event(id, line);
                }
            }
            say("end of stream");
        } catch (IOException e) {
            say("end cut");
        }
        ENDED.countDown();
    }

    private static void event(String id, String json) {
        say("event " + (id.isEmpty() ? "-" : id) + " " + member("type", json) + " " + member("job_id", json));
    }

    private static String member(String name, String json) {
        Matcher found = Pattern.compile("\"" + name + "\":\"([^\"]*)\"").matcher(json);
        return found.find() ? found.group(1) : "-";
    }

    private static void talk(int port, String key, String queue, String last) {
        // Ids come on connections that use them.
        String query = "?events=job.created&queue=" + queue + "&last_event_id=" + (last.isEmpty() ? "none" : last);
        HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .header("Authorization", "Bearer " + key)
                .buildAsync(URI.create("ws://127.0.0.1:" + port + "/api/v1/ws" + query), new Hearing())
                .join();
        say("open");
    }

    private static final class Hearing implements WebSocket.Listener {
        private final StringBuilder part = new StringBuilder();

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence data, boolean whole) {
            part.append(data);
            if (whole) {
                String json = part.toString();
                part.setLength(0);
                String type = member("type", json);
                if (!type.equals("Ping")) {
                    event(member("id", json), json);
                }
            }
            from.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
            say("end " + code);
            ENDED.countDown();
            return null;
        }

        @Override
        public void onError(WebSocket from, Throwable error) {
            say("end cut");
            ENDED.countDown();
        }
    }
}
