package dev.spooled.jobs;

import dev.spooled.engine.Command.Leased;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/// Keeps count for streams that deliver no more than so many unsettled jobs: what each has in hand, and that a
/// job settled on this server has left it. What ends otherwise (a lease that ran out, another server) the
/// stream finds by asking for what is still held. Safe for any number of threads.
public final class InHand {
    private final Map<UUID, Hand> byJob = new ConcurrentHashMap<>();

    /// A hand that holds at most so many jobs.
    public Hand open(int most) {
        return new Hand(most);
    }

    void settled(UUID job) {
        Hand hand = byJob.remove(job);
        if (hand != null) {
            hand.drop(job);
        }
    }

    /// The jobs of one stream. Closing forgets them; their leases go on.
    public final class Hand implements AutoCloseable {
        private final int most;
        private final Map<UUID, UUID> leases = new HashMap<>();

        private Hand(int most) {
            this.most = most;
        }

        public synchronized int room() {
            return Math.max(0, most - leases.size());
        }

        /// Before the jobs are sent, so that none is settled unnoticed.
        public void take(Iterable<Leased> taken) {
            for (Leased lease : taken) {
                synchronized (this) {
                    leases.put(lease.id(), lease.leaseId());
                }
                byJob.put(lease.id(), this);
            }
        }

        /// Waits until there is room, at most so long; answers whether there is.
        public synchronized boolean awaitRoom(Duration patience) {
            long end = System.nanoTime() + patience.toNanos();
            try {
                for (long left = patience.toNanos(); room() == 0 && left > 0; left = end - System.nanoTime()) {
                    wait(left / 1_000_000 + 1);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return room() > 0;
        }

        /// What is in hand: lease by job.
        public synchronized Map<UUID, UUID> held() {
            return Map.copyOf(leases);
        }

        /// Drops those that were in hand and are no longer held.
        public void keepOnly(Map<UUID, UUID> before, Set<UUID> held) {
            for (UUID job : before.keySet()) {
                if (!held.contains(job)) {
                    byJob.remove(job, this);
                    drop(job);
                }
            }
        }

        private synchronized void drop(UUID job) {
            leases.remove(job);
            notifyAll();
        }

        @Override
        public void close() {
            held().keySet().forEach(job -> byJob.remove(job, this));
        }
    }
}
