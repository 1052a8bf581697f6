package dev.spooled.bench;

import java.io.IOException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// One of our own systems in its turn: the load of the other measurements, started and stopped from outside. A job is
/// handled when its completion is acknowledged.
final class LoadRunning implements Running {
    private final LoadRun load;
    private final AutoCloseable system;
    private final ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();
    private final ExecutorService producers = Executors.newVirtualThreadPerTaskExecutor();
    private long handledAtCut;

    /// @param system closed with the load
    LoadRunning(Load load, Door.Opener doors, AutoCloseable system) {
        this.load = new LoadRun(load, doors, PostgresMeter.none());
        this.system = system;
    }

    @Override
    public void start() {
        load.start(workers, producers);
    }

    @Override
    public Cut cut() {
        long handled = handled();
        var cut = new Cut(handled - handledAtCut, load.tally().delivery.cut());
        handledAtCut = handled;
        return cut;
    }

    @Override
    public long stop() throws IOException {
        load.endProducing();
        producers.close();
        var fault = load.tally().firstFault();
        if (fault != null) {
            throw new IOException("a request of the load failed: " + fault);
        }
        return load.tally().enqueued.sum();
    }

    @Override
    public long handled() {
        return load.tally().completed.sum();
    }

    @Override
    public void close() throws IOException {
        load.endProducing();
        load.endWorking();
        producers.close();
        workers.close();
        try {
            system.close();
        } catch (IOException | RuntimeException fault) {
            throw fault;
        } catch (Exception fault) {
            throw new IOException(fault);
        }
    }
}
