package dev.spooled.bus;

import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;

/// What carries frames between nodes. It mends itself when broken, and may lose whatever it likes: frames are numbered.
public interface Link extends AutoCloseable {
    /// Hands each frame that any node sends, this one included, to `reader`, one after the other. Called once; keeps
    /// trying until closed. `reader` returns at once.
    void listen(Consumer<byte[]> reader);

    /// Sends the frames in their order, within a bounded time. After an exception any of them may have been sent.
    void send(List<byte[]> frames) throws IOException;

    /// In bytes.
    int largestFrame();

    /// Between two sendings, so that more goes with each when there is much.
    long restNanos();

    /// Whether it may be down while this node is alone, and matters.
    boolean isWatchedAlone();

    /// Nothing comes through: begin anew.
    void reset();

    @Override
    void close();
}
