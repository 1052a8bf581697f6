package dev.spooled.bus;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Carries frames between the nodes of one process.
public final class InProcess {
    private static final int LARGEST_FRAME = 1 << 20;

    private final List<Consumer<byte[]>> readers = new CopyOnWriteArrayList<>();

    /// One more node.
    public Link join() {
        return new Place();
    }

    private final class Place implements Link {
        private volatile @Nullable Consumer<byte[]> reader;

        @Override
        public void listen(Consumer<byte[]> reader) {
            // Frames of several senders come one after the other, as a link promises.
            Consumer<byte[]> one = frame -> {
                synchronized (this) {
                    reader.accept(frame);
                }
            };
            this.reader = one;
            readers.add(one);
        }

        @Override
        public void send(List<byte[]> frames) {
            frames.forEach(frame -> readers.forEach(reader -> reader.accept(frame)));
        }

        @Override
        public int largestFrame() {
            return LARGEST_FRAME;
        }

        @Override
        public long restNanos() {
            return 1;
        }

        @Override
        public boolean isWatchedAlone() {
            return false;
        }

        @Override
        public void reset() {}

        @Override
        public void close() {
            Consumer<byte[]> mine = reader;
            if (mine != null) {
                readers.remove(mine);
            }
        }
    }
}
