package dev.spooled.engine;

import dev.spooled.engine.Command.Enqueued;
import dev.spooled.engine.Command.Leased;
import dev.spooled.engine.Command.Settled;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What the life of a job ought to be, in the plainest Java: the oracle the engine is compared with. Times are
/// microseconds, as the engine's clock.
final class JobLifeModel {
    enum State {
        READY,
        SCHEDULED,
        WAITING,
        LEASED,
        COMPLETED,
        DEAD,
        CANCELLED;

        boolean ended() {
            return this == COMPLETED || this == DEAD || this == CANCELLED;
        }
    }

    static final class Job {
        final int org;
        final UUID id;
        final int queue;
        int priority;
        final @Nullable UUID parent;
        final @Nullable String backoff;
        final int maxRetries;
        final long timeout;

        @Nullable
        Long expiresAt;

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
            parent = job.parent();
            backoff = job.backoff();
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

    /// Keys whose first asker in this batch was not made: the others of the batch got its answer.
    private final Set<String> orphanKeys = new HashSet<>();

    void beginBatch() {
        orphanKeys.clear();
    }

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
            Job parent = job.parent() == null ? null : jobs.get(job.parent());
            boolean orphan = job.parent() != null
                    && (parent == null
                            || parent.org != job.org()
                            || parent.state.ended() && parent.state != State.COMPLETED);
            if (orphan || key != null && orphanKeys.contains(key)) {
                orphanKeys.add(key == null ? "" : key);
                expected.add(new Enqueued(answered.get(i).id(), false, true));
                continue;
            }
            var made = new Job(answered.get(i).id(), job, now);
            if (parent != null && parent.state != State.COMPLETED) {
                made.state = State.WAITING;
            }
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
        Integer after = fail.retryAfterSeconds();
        job.runAt = now + (after != null ? after : backoff(job)) * 1_000_000L;
        job.retries++;
        job.end(State.SCHEDULED);
        return new Settled.WillRetry(dev.spooled.time.Clock.instantOf(job.runAt));
    }

    static final String FIXED = "{\"kind\":\"fixed\",\"base_seconds\":7}";
    static final String LIST = "{\"kind\":\"list\",\"delays_seconds\":[3,900]}";
    static final String DOUBLING = "{\"kind\":\"exponential\",\"base_seconds\":5,\"cap_seconds\":13}";

    private static long backoff(Job job) {
        return switch (job.backoff) {
            case FIXED -> 7;
            case LIST -> job.retries == 0 ? 3 : 900;
            case DOUBLING -> Math.min(5L << job.retries, 13);
            case null, default -> Math.min(1L << Math.min(job.retries, 6), 60) * 60;
        };
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
        if (job == null || job.org != cancel.org() || !idle(job)) {
            return new Settled.Missed();
        }
        job.end(State.CANCELLED);
        return new Settled.Cancelled();
    }

    private static boolean idle(Job job) {
        return job.state == State.READY || job.state == State.SCHEDULED || job.state == State.WAITING;
    }

    Settled setPriority(Command.SetPriority change) {
        Job job = jobs.get(change.job());
        if (job == null || job.org != change.org() || !idle(job)) {
            return new Settled.Missed();
        }
        int old = job.priority;
        job.priority = change.priority();
        return new Settled.Prioritised(old);
    }

    Settled retry(Command.Retry retry, long now) {
        return replay(new Command.Replay(retry.org(), List.of(retry.job())), now)
                        .isEmpty()
                ? new Settled.Missed()
                : new Settled.Retried();
    }

    List<UUID> replay(Command.Replay replay, long now) {
        List<Job> dead = dead(replay.org(), replay.jobs());
        for (Job job : dead) {
            job.state = State.READY;
            job.retries = 0;
            job.expiresAt = job.expired(now) ? null : job.expiresAt;
        }
        return dead.stream().map(job -> job.id).toList();
    }

    List<UUID> purge(Command.Purge purge) {
        List<Job> dead = dead(purge.org(), purge.jobs());
        for (Job job : dead) {
            jobs.remove(job.id);
            inOrder.remove(job);
            keys.values().remove(job);
        }
        return dead.stream().map(job -> job.id).toList();
    }

    private List<Job> dead(int org, List<UUID> ids) {
        return jobs.values().stream()
                .filter(job -> ids.contains(job.id) && job.org == org && job.state == State.DEAD)
                .toList();
    }

    /// The end of each batch that may have ended a job.
    void settle(long now) {
        while (true) {
            List<Job> heard = jobs.values().stream()
                    .filter(job -> job.state == State.WAITING && parentOf(job).ended())
                    .toList();
            if (heard.isEmpty()) {
                return;
            }
            for (Job job : heard) {
                job.state = parentOf(job) != State.COMPLETED
                        ? State.CANCELLED
                        : job.runAt > now ? State.SCHEDULED : State.READY;
            }
        }
    }

    private State parentOf(Job job) {
        Job parent = jobs.get(job.parent);
        return parent == null ? State.READY : parent.state;
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
        return change(job -> idle(job) && job.expired(now), job -> job.end(State.CANCELLED));
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
                        + job.attemptsKept + " priority " + job.priority)
                .toList();
    }
}
