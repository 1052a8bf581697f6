package dev.spooled.bus;

import dev.spooled.bus.Message.Beat;
import dev.spooled.bus.Message.Joined;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The bus over a link. One thread sends whatever waits, many messages in a frame; each frame has the next number
/// of its sender, and a number is left out for what was lost here, so that every receiver notices by the next
/// frame. A beat is sent each second, and that one's own comes back is what the bus knows of its health.
public final class NodeBus implements Bus {
    private static final Logger log = LoggerFactory.getLogger(NodeBus.class);
    private static final long BEAT_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long DEAF_NANOS = TimeUnit.SECONDS.toNanos(3);
    private static final int FRAMES_AT_ONCE = 100;
    private static final int SENDERS_KNOWN = 1_000;
    private static final long CLOSE_MILLIS = 2_000;

    private final UUID node;
    private final Link link;
    private final BooleanSupplier alone;
    private final int frameBytes;
    private final Outgoing outgoing = new Outgoing();
    private final List<Subscription<?>> subscriptions = new CopyOnWriteArrayList<>();
    private final Thread sender;

    /// The last number of each sender that was heard.
    private final Map<UUID, Long> numbers = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<UUID, Long> eldest) {
            return size() > SENDERS_KNOWN;
        }
    };

    private final AtomicLong sent = new AtomicLong();
    private final AtomicLong heard = new AtomicLong();
    private final AtomicLong gaps = new AtomicLong();
    private long number;
    private long beatAt;
    private long resetAt;
    private boolean troubled;
    private boolean announced;
    private volatile long heardMyselfAt;
    private volatile boolean sending = true;
    private volatile boolean sleeping;
    private volatile boolean closed;

    /// `alone` says that no other node lives: then nothing is sent, but for beats over a link that is watched always.
    public NodeBus(UUID node, Link link, BooleanSupplier alone) {
        this.node = node;
        this.link = link;
        this.alone = alone;
        this.frameBytes = link.largestFrame() - Wire.HEADER_BYTES;
        this.beatAt = System.nanoTime();
        this.resetAt = beatAt;
        this.heardMyselfAt = beatAt;
        link.listen(this::read);
        this.sender = Thread.ofPlatform().name("bus-sender").daemon().start(this::send);
    }

    public NodeBus meteredBy(MeterRegistry registry) {
        registry.more().counter("spooled.bus.messages.sent", List.of(), sent);
        registry.more().counter("spooled.bus.messages.heard", List.of(), heard);
        registry.more().counter("spooled.bus.gaps", List.of(), gaps);
        registry.gauge("spooled.bus.ok", this, bus -> bus.state() == State.OK ? 1 : 0);
        return this;
    }

    @Override
    public void publish(Message message) {
        if (hasOthers() && !closed) {
            outgoing.put(message);
            rouse();
        }
    }

    private void rouse() {
        if (sleeping) {
            LockSupport.unpark(sender);
        }
    }

    @Override
    public <M extends Message> void subscribe(Class<M> kind, Subscriber<M> subscriber) {
        subscriptions.add(new Subscription<>(kind, subscriber));
    }

    @Override
    public boolean hasOthers() {
        return !alone.getAsBoolean();
    }

    @Override
    public int largest() {
        return frameBytes - Wire.MESSAGE_BYTES;
    }

    @Override
    public State state() {
        return isBeating() && (!sending || isDeaf(System.nanoTime())) ? State.DEGRADED : State.OK;
    }

    private boolean isBeating() {
        return link.isWatchedAlone() || hasOthers();
    }

    private boolean isDeaf(long now) {
        return now - heardMyselfAt > DEAF_NANOS;
    }

    long waitingBytes() {
        return outgoing.bytes();
    }

    // ---- the sender's thread

    private void send() {
        outgoing.put(new Joined());
        while (!closed) {
            try {
                beat();
                List<byte[]> frames = frames();
                if (frames.isEmpty()) {
                    sleep();
                } else {
                    send(frames);
                }
            } catch (RuntimeException e) {
                log.error("the bus could not send", e);
                LockSupport.parkNanos(BEAT_NANOS);
            }
        }
    }

    private void sleep() {
        sleeping = true;
        if (outgoing.isEmpty() && !closed) {
            LockSupport.parkNanos(this, Math.max(1, beatAt - System.nanoTime()));
        }
        sleeping = false;
    }

    private void send(List<byte[]> frames) {
        try {
            link.send(frames);
            sending = true;
            announced = true;
        } catch (IOException e) {
            log.debug("the bus lost {} frames: {}", frames.size(), e.getMessage());
            sending = false;
        }
        LockSupport.parkNanos(link.restNanos());
    }

    /// Notes how the link does, and has a beat sent when it is time.
    private void beat() {
        long now = System.nanoTime();
        if (now - beatAt < 0) {
            return;
        }
        beatAt = now + BEAT_NANOS;
        if (!announced) {
            outgoing.put(new Joined());
        }
        if (!isBeating()) {
            heardMyselfAt = now;
            return;
        }
        boolean well = state() == State.OK;
        if (well == troubled) {
            troubled = !well;
            log.warn(well ? "nodes hear of each other at once again" : "nodes hear of each other by their sweeps only");
        }
        if (isDeaf(now) && now - resetAt > DEAF_NANOS) {
            resetAt = now;
            link.reset();
        }
        outgoing.put(new Beat());
    }

    private List<byte[]> frames() {
        var frames = new ArrayList<byte[]>();
        if (outgoing.takeLost()) {
            number++;
        }
        var packing = new Packing(frames);
        outgoing.takeWork().forEach(packing::add);
        for (Message next = outgoing.poll(); next != null; next = outgoing.poll()) {
            packing.add(next);
            if (frames.size() >= FRAMES_AT_ONCE) {
                break;
            }
        }
        packing.seal();
        return frames;
    }

    /// Fills frames with messages.
    private final class Packing {
        private final List<byte[]> frames;
        private byte[] room = new byte[1_024];
        private int length;

        Packing(List<byte[]> frames) {
            this.frames = frames;
        }

        void add(Message message) {
            byte[] bytes = Wire.message(message);
            if (bytes.length > frameBytes) {
                seal();
                number++;
                return;
            }
            if (length + bytes.length > frameBytes) {
                seal();
            }
            if (length + bytes.length > room.length) {
                room = Arrays.copyOf(room, Math.max(length + bytes.length, 2 * room.length));
            }
            System.arraycopy(bytes, 0, room, length, bytes.length);
            length += bytes.length;
            sent.incrementAndGet();
        }

        void seal() {
            if (length > 0) {
                frames.add(Wire.frame(node, ++number, room, length));
                length = 0;
            }
        }
    }

    // ---- the link's reader

    /// A link that mends itself may have two readers for a moment.
    private synchronized void read(byte[] bytes) {
        Wire.Frame frame = Wire.read(bytes);
        if (frame == null) {
            return;
        }
        if (frame.sender().equals(node)) {
            heardMyself(frame);
            return;
        }
        Long before = numbers.put(frame.sender(), frame.number());
        if (before != null && frame.number() != before + 1) {
            gaps.incrementAndGet();
            subscriptions.forEach(Subscription::miss);
        }
        heard.addAndGet(frame.messages().size());
        for (Subscription<?> subscription : subscriptions) {
            frame.messages().forEach(subscription::offer);
        }
    }

    private void heardMyself(Wire.Frame frame) {
        if (frame.messages().stream().anyMatch(Beat.class::isInstance)) {
            heardMyselfAt = System.nanoTime();
        }
    }

    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(sender);
        try {
            sender.join(CLOSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        link.close();
        subscriptions.forEach(Subscription::close);
    }
}
