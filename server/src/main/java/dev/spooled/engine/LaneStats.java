package dev.spooled.engine;

/// Counts of one lane since its start. Written by the lane's thread, read by anyone.
public final class LaneStats {
    private volatile long batches;
    private volatile long commands;
    private volatile long busyNanos;
    private volatile long undone;
    private volatile long flushedLater;

    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
    void record(Batch batch, long nanos) {
        batches++;
        commands += batch.tickets.size();
        busyNanos += nanos;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
    void recordUndone() {
        undone++;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
    void recordFlushedLater() {
        flushedLater++;
    }

    /// Batches whose commit did not wait for the disk; their callers did.
    public long flushedLater() {
        return flushedLater;
    }

    /// Batches that memory proposed and the database refused; each was repeated the exact way.
    public long undone() {
        return undone;
    }

    public long batches() {
        return batches;
    }

    public long commands() {
        return commands;
    }

    public long busyNanos() {
        return busyNanos;
    }
}
