package dev.spooled.engine;

import dev.spooled.engine.Command.Enqueued;
import dev.spooled.engine.Command.Leased;
import dev.spooled.engine.Command.Settled;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What the life of a job ought to be, in the plainest Java: the oracle the engine is compared with. Times are
/// microseconds, as the engine's clock.
final class JobLifeModel {
    enum State {
        READY,
        SCHEDULED,
        LEASED,
        COMPLETED,
        DEAD,
        CANCELLED
    }

    static final class Job {
        final int org;
        final UUID id;
        final int queue;
        final int priority;
        final int maxRetries;
        final long timeout;
        final @Nullable Long expiresAt;
        State state = State.READY;
        int attempt;
        int retries;
        long runAt;

        @Nullable
        UUID lease;

        String worker = "";
        long startedAt;
        long leaseEnd;
        int attemptsKept;

        Job(UUID id, NewJob job, long now) {
            org = job.org();
            this.id = id;
            queue = job.queue();
            priority = job.priority();
            maxRetries = job.maxRetries();
            timeout = job.timeoutSeconds() * 1_000_000L;
            expiresAt = job.expiresAtMicros() == Long.MIN_VALUE ? null : job.expiresAtMicros();
            runAt = job.runAtMicros();
            if (runAt > now) {
                state = State.SCHEDULED;
            }
        }

        boolean expired(long now) {
            return expiresAt != null && expiresAt <= now;
        }

        boolean heldBy(@Nullable UUID lease, String worker, long now) {
            return state == State.LEASED
                    && leaseEnd > now
                    && (lease == null ? this.worker.equals(worker) : lease.equals(this.lease));
        }

        void end(State end) {
            state = end;
            lease = null;
        }
    }

    final Map<UUID, Job> jobs = new TreeMap<>();
    final List<Job> inOrder = new ArrayList<>();
    final Map<String, Job> keys = new HashMap<>();

    /// Takes over the engine's choice of ids, checks the rest.
    List<Enqueued> enqueue(List<NewJob> asked, List<Enqueued> answered, long now) {
        var expected = new ArrayList<Enqueued>();
        for (int i = 0; i < asked.size(); i++) {
            NewJob job = asked.get(i);
            String key = job.idempotencyKey();
            Job holder = key == null ? null : keys.get(key);
            if (holder != null) {
                expected.add(new Enqueued(holder.id, false));
                continue;
            }
            var made = new Job(answered.get(i).id(), job, now);
            jobs.put(made.id, made);
            inOrder.add(made);
            if (key != null) {
                keys.put(key, made);
            }
            expected.add(new Enqueued(made.id, true));
        }
        return expected;
    }

    /// The ids the claim must get, in order.
    List<UUID> claim(Command.Claim claim, List<Leased> answered, long now) {
        List<Job> found = jobs.values().stream()
                .filter(job -> job.queue == claim.queue() && job.state == State.READY && !job.expired(now))
                .sorted(Comparator.comparingInt((Job job) -> -job.priority).thenComparing(job -> job.id))
                .limit(claim.limit())
                .toList();
        for (int i = 0; i < found.size(); i++) {
            Job job = found.get(i);
            job.state = State.LEASED;
            job.attempt++;
            job.lease = i < answered.size() ? answered.get(i).leaseId() : null;
            job.worker = claim.worker();
            job.startedAt = now;
            job.leaseEnd = now + claim.leaseSeconds() * 1_000_000L;
        }
        return found.stream().map(job -> job.id).toList();
    }

    Settled complete(Command.Complete complete, long now) {
        Job job = jobs.get(complete.holder().job());
        if (job == null
                || !job.heldBy(complete.holder().lease(), complete.holder().worker(), now)) {
            return new Settled.Missed();
        }
        job.end(State.COMPLETED);
        return new Settled.Completed();
    }

    Settled fail(Command.Fail fail, long now) {
        Job job = jobs.get(fail.holder().job());
        if (job == null || !job.heldBy(fail.holder().lease(), fail.holder().worker(), now)) {
            return new Settled.Missed();
        }
        job.attemptsKept++;
        if (!fail.retry() || job.retries >= job.maxRetries) {
            job.end(State.DEAD);
            return new Settled.DeadLettered();
        }
        long minutes = Math.min(1L << Math.min(job.retries, 6), 60);
        Integer after = fail.retryAfterSeconds();
        job.runAt = now + (after != null ? after : minutes * 60) * 1_000_000L;
        job.retries++;
        job.end(State.SCHEDULED);
        return new Settled.WillRetry(dev.spooled.time.Clock.instantOf(job.runAt));
    }

    Settled heartbeat(Command.Heartbeat heartbeat, long now) {
        Job job = jobs.get(heartbeat.holder().job());
        if (job == null
                || !job.heldBy(heartbeat.holder().lease(), heartbeat.holder().worker(), now)
                || job.startedAt + job.timeout <= now) {
            return new Settled.Missed();
        }
        job.leaseEnd = Math.min(now + heartbeat.leaseSeconds() * 1_000_000L, job.startedAt + job.timeout);
        return new Settled.Renewed(dev.spooled.time.Clock.instantOf(job.leaseEnd));
    }

    Settled release(Command.Release release) {
        Job job = jobs.get(release.job());
        if (job == null || job.state != State.LEASED || !release.lease().equals(job.lease)) {
            return new Settled.Missed();
        }
        job.attempt--;
        job.end(State.READY);
        return new Settled.Released();
    }

    Settled cancel(Command.Cancel cancel) {
        Job job = jobs.get(cancel.job());
        if (job == null || job.org != cancel.org() || job.state != State.READY && job.state != State.SCHEDULED) {
            return new Settled.Missed();
        }
        job.end(State.CANCELLED);
        return new Settled.Cancelled();
    }

    int promote(long now) {
        return change(job -> job.state == State.SCHEDULED && job.runAt <= now, job -> job.state = State.READY);
    }

    int reap(long now) {
        return change(job -> job.state == State.LEASED && job.leaseEnd <= now, job -> {
            job.attemptsKept++;
            if (job.retries < job.maxRetries) {
                job.retries++;
                job.end(State.READY);
            } else {
                job.end(State.DEAD);
            }
        });
    }

    int expire(long now) {
        return change(
                job -> (job.state == State.READY || job.state == State.SCHEDULED) && job.expired(now),
                job -> job.end(State.CANCELLED));
    }

    private int change(java.util.function.Predicate<Job> which, java.util.function.Consumer<Job> how) {
        List<Job> found = jobs.values().stream().filter(which).toList();
        found.forEach(how);
        return found.size();
    }

    /// One line per job, for comparing with the tables.
    List<String> lines() {
        return jobs.values().stream()
                .map(job -> job.id + " " + job.state + " attempt " + job.attempt + " retries " + job.retries + " kept "
                        + job.attemptsKept)
                .toList();
    }
}
