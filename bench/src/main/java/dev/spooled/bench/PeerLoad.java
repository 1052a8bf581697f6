package dev.spooled.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// The producers of a job queue that is a library of this JVM and brings workers of its own; these call `handled`.
final class PeerLoad implements Running {
    /// Most jobs that exist unfinished, the same for every contender.
    static final int UNFINISHED_MAX = 4_000;

    private final int producers;
    private final int bulk;
    private final Library library;
    private final ExecutorService threads;
    private final Semaphore room = new Semaphore(UNFINISHED_MAX);
    private final Stopwatch delivery = new Stopwatch();
    private final LongAdder enqueued = new LongAdder();
    private final LongAdder handled = new LongAdder();
    private final AtomicReference<@Nullable RuntimeException> fault = new AtomicReference<>();
    private volatile boolean stopping;
    private long handledAtCut;

    /// The library's client and workers.
    interface Library {
        void enqueue(List<String> payloads);

        void close();
    }

    /// Starts the library's workers, which are to call `handled` with the payload of each job.
    interface Starter {
        Library start(PeerLoad load);
    }

    PeerLoad(int producers, int bulk, Starter starter) {
        this.producers = producers;
        this.bulk = bulk;
        this.threads = Executors.newFixedThreadPool(producers);
        this.library = starter.start(this);
    }

    void handled(String payload) {
        delivery.since(JsonScan.numbers(payload, "sent").getFirst());
        handled.increment();
        room.release();
    }

    @Override
    public void start() {
        for (int i = 0; i < producers; i++) {
            threads.execute(this::produce);
        }
    }

    private void produce() {
        try {
            while (!stopping) {
                room.acquireUninterruptibly(bulk);
                if (!stopping) {
                    library.enqueue(payloads());
                    enqueued.add(bulk);
                }
            }
        } catch (RuntimeException broken) {
            fault.compareAndSet(null, broken);
        }
    }

    private List<String> payloads() {
        var payloads = new ArrayList<String>(bulk);
        for (int i = 0; i < bulk; i++) {
            payloads.add(Payload.sentNow());
        }
        return payloads;
    }

    @Override
    public Cut cut() {
        long now = handled.sum();
        var cut = new Cut(now - handledAtCut, delivery.cut());
        handledAtCut = now;
        return cut;
    }

    @Override
    public long stop() throws IOException {
        endProducing();
        var broken = fault.get();
        if (broken != null) {
            throw new IOException("an enqueue failed: " + broken.getMessage(), broken);
        }
        return enqueued.sum();
    }

    private void endProducing() {
        stopping = true;
        room.release(producers * bulk);
        threads.close();
    }

    @Override
    public long handled() {
        return handled.sum();
    }

    @Override
    public void close() {
        endProducing();
        library.close();
    }
}
