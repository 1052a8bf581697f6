package dev.spooled.access;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.spooled.bus.Bus;
import dev.spooled.bus.Message.Changed;
import dev.spooled.bus.Message.What;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/// What presented credentials lead to, also when to nothing, kept for four seconds at most, so that a revocation on
/// another server holds here within five, and at once when the bus brings it. One made on this server holds at once,
/// also against a reading still under
/// way.
/// Credentials are known by their SHA-256. Safe for any number of threads.
public final class Remembered {
    private static final Duration KEPT = Duration.ofSeconds(4);
    private static final int MAX_KEPT = 50_000;

    private final Cache<ByteBuffer, Optional<Holder>> known =
            Caffeine.newBuilder().maximumSize(MAX_KEPT).expireAfterWrite(KEPT).build();

    /// When things were changed here, in nanoseconds of the monotonic timer: a reading that began before is not
    /// trusted.
    private final Cache<UUID, Long> changed = Caffeine.newBuilder()
            .maximumSize(MAX_KEPT)
            .expireAfterWrite(KEPT.multipliedBy(12))
            .build();

    private volatile Bus bus = Bus.ALONE;

    /// A caller as read at a time. `hangsOn` are the ids whose change ends it; `endsAt` is when it ends by itself.
    record Holder(
            long readAtNanos,
            Caller caller,
            List<UUID> hangsOn,
            @Nullable Instant endsAt) {
        boolean isInForce(Instant now) {
            return endsAt == null || endsAt.isAfter(now);
        }
    }

    /// What the credential of that hash leads to; `read` is given the time to put into what it finds.
    Optional<Holder> find(byte[] hash, LongFunction<Optional<Holder>> read) {
        var key = ByteBuffer.wrap(hash);
        Optional<Holder> holder = known.get(key, it -> read.apply(System.nanoTime()));
        if (holder.filter(this::isOutdated).isPresent()) {
            holder = read.apply(System.nanoTime());
            known.put(key, holder);
        }
        return holder;
    }

    /// Has changes tell the other nodes, and hears of theirs.
    public void shareOver(Bus bus) {
        bus.subscribe(Changed.class, new Bus.Subscriber<>() {
            @Override
            public void heard(Changed change) {
                if (change.what() == What.CREDENTIAL) {
                    changed.put(UUID.fromString(change.name()), System.nanoTime());
                } else if (change.what() == What.UNKNOWN_CREDENTIALS) {
                    dropUnknown();
                }
            }

            @Override
            public void missed() {
                known.invalidateAll();
            }
        });
        this.bus = bus;
    }

    /// Makes a committed change of a key, an organization, a token or its family hold here at once.
    public void forget(UUID id) {
        changed.put(id, System.nanoTime());
        bus.publish(new Changed(What.CREDENTIAL, 0, id.toString()));
    }

    /// Has those that led to nothing looked up again: something that was gone is back.
    public void forgetUnknown() {
        dropUnknown();
        bus.publish(new Changed(What.UNKNOWN_CREDENTIALS, 0, ""));
    }

    private void dropUnknown() {
        known.asMap().values().removeIf(Optional::isEmpty);
    }

    /// For one credential that may have been remembered as unknown.
    void forget(byte[] hash) {
        known.invalidate(ByteBuffer.wrap(hash));
    }

    private boolean isOutdated(Holder holder) {
        for (UUID id : holder.hangsOn()) {
            Long at = changed.getIfPresent(id);
            if (at != null && at - holder.readAtNanos() >= 0) {
                return true;
            }
        }
        return false;
    }
}
