package dev.spooled.bus;

import dev.spooled.db.DbAddress;
import dev.spooled.db.NotifyChannel;
import java.io.IOException;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Frames over PostgreSQL's NOTIFY, in base 64. One connection listens, another sends; what is sent waits for no disk.
public final class NotifyLink implements Link {
    private static final Logger log = LoggerFactory.getLogger(NotifyLink.class);
    private static final String CHANNEL = "spooled_bus";

    /// A payload is shorter than 8,000 bytes.
    private static final int LARGEST_FRAME = 5_900;

    private static final long REST_NANOS = TimeUnit.MILLISECONDS.toNanos(2);
    private static final int LISTEN_MILLIS = 10_000;
    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
    private static final Base64.Encoder ENCODER = Base64.getEncoder().withoutPadding();

    private final DbAddress address;
    private volatile @Nullable NotifyChannel ears;
    private @Nullable NotifyChannel mouth;
    private volatile boolean closed;

    public NotifyLink(DbAddress address) {
        this.address = address;
    }

    @Override
    public void listen(Consumer<byte[]> reader) {
        Thread.ofVirtual().name("bus-listener").start(() -> {
            while (!closed) {
                try (var channel = NotifyChannel.open(address, CHANNEL)) {
                    ears = channel;
                    channel.listen();
                    hear(channel, reader);
                } catch (IOException e) {
                    log.debug("the bus does not hear: {}", e.getMessage());
                    LockSupport.parkNanos(RETRY_NANOS);
                }
            }
        });
    }

    private void hear(NotifyChannel channel, Consumer<byte[]> reader) throws IOException {
        while (!closed) {
            for (String payload : channel.await(LISTEN_MILLIS)) {
                byte[] frame = decode(payload);
                if (frame != null) {
                    reader.accept(frame);
                }
            }
        }
    }

    /// Null for what somebody else has put on the channel.
    private static byte @Nullable [] decode(String payload) {
        try {
            return Base64.getDecoder().decode(payload);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /// Only the bus's sender calls it.
    @Override
    public void send(List<byte[]> frames) throws IOException {
        NotifyChannel channel = mouth;
        if (channel == null) {
            channel = NotifyChannel.open(address, CHANNEL);
            mouth = channel;
        }
        try {
            channel.send(frames.stream().map(ENCODER::encodeToString).toList());
        } catch (IOException e) {
            mouth = null;
            channel.close();
            throw e;
        }
    }

    @Override
    public int largestFrame() {
        return LARGEST_FRAME;
    }

    @Override
    public long restNanos() {
        return REST_NANOS;
    }

    @Override
    public boolean isWatchedAlone() {
        return false;
    }

    @Override
    public void reset() {
        NotifyChannel channel = ears;
        if (channel != null) {
            channel.close();
        }
    }

    @Override
    public void close() {
        closed = true;
        reset();
        NotifyChannel channel = mouth;
        if (channel != null) {
            channel.close();
        }
    }
}
