package dev.spooled.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// Queues without a server behind them, to test the driver on. `losing` makes it forget the first job it is given.
final class MemoryQueues implements Door.Opener {
    private final Map<Integer, BlockingQueue<Door.Held>> ready = new ConcurrentHashMap<>();
    private final Set<UUID> leased = ConcurrentHashMap.newKeySet();
    private volatile boolean losing;

    static MemoryQueues losing() {
        var queues = new MemoryQueues();
        queues.losing = true;
        return queues;
    }

    @Override
    public Door open() {
        return new MemoryDoor();
    }

    private BlockingQueue<Door.Held> queue(int number) {
        return ready.computeIfAbsent(number, _ -> new LinkedBlockingQueue<>());
    }

    private final class MemoryDoor implements Door {
        @Override
        public int enqueue(int queue, int priority, int count) {
            for (int i = 0; i < count; i++) {
                if (losing) {
                    losing = false;
                } else {
                    queue(queue).add(new Held(UUID.randomUUID(), UUID.randomUUID(), System.nanoTime()));
                }
            }
            return count;
        }

        @Override
        public List<Held> claim(int queue, String worker, int limit, Duration wait) {
            var jobs = new ArrayList<Held>();
            queue(queue).drainTo(jobs, limit);
            if (jobs.isEmpty() && wait.isPositive()) {
                addNext(queue, wait, jobs);
            }
            jobs.forEach(job -> leased.add(job.id()));
            return jobs;
        }

        @Override
        public void complete(Held job, String worker) throws Declined {
            if (!leased.remove(job.id())) {
                throw new Declined("completed twice");
            }
        }

        @Override
        public void close() {}

        private void addNext(int queue, Duration wait, List<Held> jobs) {
            try {
                var job = queue(queue).poll(wait.toMillis(), TimeUnit.MILLISECONDS);
                if (job != null) {
                    jobs.add(job);
                }
            } catch (InterruptedException stop) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
