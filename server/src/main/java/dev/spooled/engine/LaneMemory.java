package dev.spooled.engine;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What the lane remembers of what it committed itself: heads of queues and its leases. Only ever a copy: whatever is
/// decided from it is asserted in the database. Owned by the lane's thread; changed after a commit only. Bounded: the
/// queues used longest ago are forgotten, and when the leases are many, the ended ones and then the new ones.
final class LaneMemory {
    static final int QUEUES_MAX = 20_000;
    static final int LEASES_MAX = 200_000;

    /// A lease this node gave out. `rowId` is its row address.
    record KnownLease(
            String rowId,
            UUID leaseId,
            String worker,
            int org,
            int queue,
            long startedAtMicros,
            long expiresAtMicros,
            short flags) {}

    private final Map<Integer, ReadyHead> heads = new LinkedHashMap<>(256, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Integer, ReadyHead> eldest) {
            return size() > QUEUES_MAX;
        }
    };
    private final Map<UUID, KnownLease> leases = new HashMap<>();

    @Nullable
    ReadyHead head(int queue) {
        return heads.get(queue);
    }

    void learn(int queue, ReadyHead head) {
        heads.put(queue, head);
    }

    void forget(int queue) {
        heads.remove(queue);
    }

    void forgetQueues() {
        heads.clear();
    }

    void forgetAll() {
        heads.clear();
        leases.clear();
    }

    @Nullable
    KnownLease lease(UUID job) {
        return leases.get(job);
    }

    void learn(UUID job, KnownLease lease, long nowMicros) {
        if (leases.size() >= LEASES_MAX) {
            leases.values().removeIf(known -> known.expiresAtMicros() <= nowMicros);
        }
        if (leases.size() < LEASES_MAX) {
            leases.put(job, lease);
        }
    }

    void forgetLease(UUID job) {
        leases.remove(job);
    }
}
