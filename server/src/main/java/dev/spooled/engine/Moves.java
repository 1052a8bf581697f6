package dev.spooled.engine;

import dev.spooled.engine.Batch.Minted;
import dev.spooled.engine.Command.Leased;
import dev.spooled.engine.JobMove.Detail;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The changes of status that a batch makes, in the order of its statements. Collects nothing while nobody watches.
final class Moves {
    private final boolean wanted;
    private final long number;
    private final List<JobMove> moves = new ArrayList<>();

    Moves(boolean wanted, long nowMicros) {
        this.wanted = wanted;
        this.number = nowMicros << 1;
    }

    boolean wanted() {
        return wanted;
    }

    List<JobMove> all() {
        return moves;
    }

    void clear() {
        moves.clear();
    }

    void addAll(Moves others) {
        moves.addAll(others.moves);
    }

    void created(Minted minted, JobStatus status) {
        NewJob job = minted.job();
        add(job.org(), job.queue(), minted.id(), null, status, new Detail.Created(job.priority()));
    }

    /// Claims come last of what a batch does to a job, except in the life of one that another node made ready.
    void claimed(int org, Leased leased, String worker) {
        if (wanted) {
            moves.add(new JobMove(
                    org,
                    leased.queue(),
                    leased.id(),
                    JobStatus.PENDING,
                    JobStatus.PROCESSING,
                    number + 1,
                    new Detail.Started(worker, leased.attempt())));
        }
    }

    void add(int org, int queue, UUID job, @Nullable JobStatus from, JobStatus to, Detail detail) {
        if (wanted) {
            moves.add(new JobMove(org, queue, job, from, to, number, detail));
        }
    }
}
