package dev.spooled.grpc;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/// The streams that run, each on a virtual thread of its own, and the word to them that the server stops.
final class Streams implements AutoCloseable {
    private static final long CLOSE_SECONDS = 5;

    private final ExecutorService threads = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("grpc-stream-", 0).factory());
    private final Set<Endless> running = ConcurrentHashMap.newKeySet();
    private volatile boolean stopping;

    /// A stream that ends with its client, or soon after it was told that the server stops.
    interface Endless extends Runnable {
        void serverStops();
    }

    void start(Endless stream) {
        threads.execute(() -> {
            running.add(stream);
            try {
                if (stopping) {
                    stream.serverStops();
                }
                stream.run();
            } finally {
                running.remove(stream);
            }
        });
    }

    int count() {
        return running.size();
    }

    boolean isStopping() {
        return stopping;
    }

    void stop() {
        stopping = true;
        running.forEach(Endless::serverStops);
    }

    /// Does all of the work at once, and answers in its order.
    <T> List<T> together(List<Callable<T>> work) {
        List<Future<T>> begun = work.stream().map(threads::submit).toList();
        var done = new ArrayList<T>();
        for (Future<T> each : begun) {
            done.add(result(each));
        }
        return done;
    }

    private static <T> T result(Future<T> work) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return work.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException failure ? failure : new IllegalStateException(e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /// After the calls have ended: what the streams still have to give back is given back.
    @Override
    public void close() {
        threads.shutdown();
        try {
            var unused = threads.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
