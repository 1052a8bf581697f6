package dev.spooled.bench;

import dev.spooled.proto.v1.DequeueRequest;
import dev.spooled.proto.v1.ProcessRequest;
import dev.spooled.proto.v1.ProcessResponse;
import dev.spooled.proto.v1.QueueServiceGrpc;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// A worker on one ProcessJobs stream, which any number of threads may use at once: answers come in the order of
/// requests. Enqueues are calls of their own.
final class GrpcProcessDoor extends GrpcDoor {
    private static final long ASK_AGAIN = TimeUnit.MILLISECONDS.toNanos(2);

    private final QueueServiceGrpc.QueueServiceStub queues;
    private final ArrayDeque<CompletableFuture<ProcessResponse>> asked = new ArrayDeque<>();
    private @Nullable StreamObserver<ProcessRequest> stream;

    GrpcProcessDoor(Channel line, String queuePrefix) {
        super(line, queuePrefix);
        this.queues = QueueServiceGrpc.newStub(line);
    }

    @Override
    public List<Held> claim(int queue, String worker, int limit, Duration wait) throws IOException {
        var request = ProcessRequest.newBuilder()
                .setDequeue(DequeueRequest.newBuilder()
                        .setQueueName(queueName(queue))
                        .setWorkerId(worker)
                        .setLeaseDurationSecs(LEASE_SECONDS))
                .build();
        long end = System.nanoTime() + wait.toNanos();
        while (true) {
            var answers = new ArrayList<CompletableFuture<ProcessResponse>>();
            for (int i = 0; i < limit; i++) {
                answers.add(ask(request));
            }
            var held = new ArrayList<Held>();
            for (var answer : answers) {
                ProcessResponse response = await(answer);
                if (response.hasJob()) {
                    held.add(held(response.getJob()));
                }
            }
            if (!held.isEmpty() || System.nanoTime() - end >= 0) {
                return held;
            }
            LockSupport.parkNanos(ASK_AGAIN);
        }
    }

    @Override
    public void complete(Held job, String worker) throws IOException {
        var answer = await(ask(
                ProcessRequest.newBuilder().setComplete(completion(job, worker)).build()));
        if (!answer.hasComplete()) {
            throw new Declined(answer.getError().toString());
        }
    }

    private synchronized CompletableFuture<ProcessResponse> ask(ProcessRequest request) {
        var open = stream;
        if (open == null) {
            open = queues.processJobs(new Answers());
            stream = open;
        }
        var answer = new CompletableFuture<ProcessResponse>();
        asked.add(answer);
        open.onNext(request);
        return answer;
    }

    private static ProcessResponse await(CompletableFuture<ProcessResponse> answer) throws IOException {
        try {
            return answer.join();
        } catch (CompletionException e) {
            throw new IOException(e.getCause());
        }
    }

    private final class Answers implements StreamObserver<ProcessResponse> {
        @Override
        public void onNext(ProcessResponse answer) {
            CompletableFuture<ProcessResponse> first;
            synchronized (GrpcProcessDoor.this) {
                first = asked.remove();
            }
            first.complete(answer);
        }

        @Override
        public void onError(Throwable failure) {
            synchronized (GrpcProcessDoor.this) {
                stream = null;
                asked.forEach(answer -> answer.completeExceptionally(failure));
                asked.clear();
            }
        }

        @Override
        public void onCompleted() {
            onError(Status.UNAVAILABLE.withDescription("the stream has ended").asException());
        }
    }

    @Override
    public synchronized void close() {
        if (stream != null) {
            stream.onCompleted();
        }
    }
}
