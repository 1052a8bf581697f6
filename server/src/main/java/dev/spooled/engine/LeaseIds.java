package dev.spooled.engine;

import java.security.SecureRandom;
import java.util.UUID;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/// Mints lease ids (version 4 form) fast enough for one per slot of every batch: a generator seeded from the secure
/// one. A lease id is a fencing token, not a credential; the caller's key is checked first.
final class LeaseIds {
    private final RandomGenerator random =
            RandomGeneratorFactory.of("L64X256MixRandom").create(new SecureRandom().nextLong());

    UUID next() {
        long high = random.nextLong() & 0xFFFF_FFFF_FFFF_0FFFL | 0x4000L;
        long low = random.nextLong() & 0x3FFF_FFFF_FFFF_FFFFL | 0x8000_0000_0000_0000L;
        return new UUID(high, low);
    }
}
