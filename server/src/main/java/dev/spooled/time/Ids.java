package dev.spooled.time;

import java.security.SecureRandom;
import java.util.UUID;

/// Mints version 7 ids (RFC 9562, 5.7): 48 bits of milliseconds, then a counter that keeps ids minted in one
/// millisecond in order, then random bits. Ids of one instance strictly increase, so a lane's ids are its order.
///
/// Not safe for several threads: each owner has its own.
public final class Ids {
    private static final int COUNTER_MAX = 0xFFF;

    private final Clock clock;
    private final SecureRandom random = new SecureRandom();
    private final byte[] pool = new byte[8 * 512];
    private int used = pool.length;
    private long lastMillis;
    private int counter;

    public Ids(Clock clock) {
        this.clock = clock;
    }

    public UUID next() {
        long now = clock.nowMillis();
        if (now > lastMillis) {
            lastMillis = now;
            counter = 0;
        } else if (++counter > COUNTER_MAX) {
            lastMillis++;
            counter = 0;
        }
        long high = lastMillis << 16 | 0x7000L | counter;
        long low = randomLong() & 0x3FFF_FFFF_FFFF_FFFFL | 0x8000_0000_0000_0000L;
        return new UUID(high, low);
    }

    /// The millisecond a version 7 id was minted in: a job's `created_at`.
    public static long millisOf(UUID id) {
        return id.getMostSignificantBits() >>> 16;
    }

    /// The UTC day of a version 7 id, counted from 1970-01-01: the partition it lives in.
    public static int dayOf(UUID id) {
        return (int) (millisOf(id) / 86_400_000L);
    }

    /// The smallest id of a millisecond.
    public static UUID floor(long millis) {
        return new UUID(millis << 16, 0);
    }

    private long randomLong() {
        if (used == pool.length) {
            random.nextBytes(pool);
            used = 0;
        }
        long value = 0;
        for (int end = used + 8; used < end; used++) {
            value = value << 8 | pool[used] & 0xFF;
        }
        return value;
    }
}
