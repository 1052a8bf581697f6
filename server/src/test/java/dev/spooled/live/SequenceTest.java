package dev.spooled.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.engine.JobMove;
import dev.spooled.engine.JobMove.Detail;
import dev.spooled.engine.JobStatus;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Changes of jobs as several nodes tell them, out of order, too late or not at all.
class SequenceTest {
    private static final long LATER = Sequence.PATIENCE_NANOS + 1;

    private final Sequence sequence = new Sequence();
    private final UUID job = UUID.randomUUID();
    private final JobMove created = move(null, JobStatus.PENDING, 100);
    private final JobMove started = move(JobStatus.PENDING, JobStatus.PROCESSING, 200);
    private final JobMove failed = move(JobStatus.PROCESSING, JobStatus.PENDING, 300);
    private final JobMove again = move(JobStatus.PENDING, JobStatus.PROCESSING, 400);
    private final JobMove completed = move(JobStatus.PROCESSING, JobStatus.COMPLETED, 500);

    private JobMove move(@Nullable JobStatus from, JobStatus to, long number) {
        return new JobMove(1, 1, job, from, to, number, Detail.NONE);
    }

    @Test
    void whatGoesOnPassesAtOnce() {
        for (JobMove move : List.of(created, started, failed, again, completed)) {
            assertThat(sequence.pass(List.of(move), 0)).containsExactly(move);
        }
        assertThat(sequence.nanosToNext(0, 7)).isEqualTo(7);
    }

    @Test
    void whatComesTooEarlyWaitsForWhatIsBefore() {
        assertThat(sequence.pass(List.of(started), 0)).isEmpty();
        assertThat(sequence.pass(List.of(completed.withNumber(250)), 0)).isEmpty();
        assertThat(sequence.nanosToNext(0, Long.MAX_VALUE)).isEqualTo(Sequence.PATIENCE_NANOS);
        assertThat(sequence.pass(List.of(created), 1)).containsExactly(created, started, completed.withNumber(250));
    }

    @Test
    void everyOrderOfArrivalIsPutRight() {
        for (int seed = 0; seed < 200; seed++) {
            var fresh = new Sequence();
            var shuffled = new ArrayList<>(List.of(created, started, completed));
            Collections.shuffle(shuffled, new Random(seed));
            var passed = new ArrayList<JobMove>();
            shuffled.forEach(move -> passed.addAll(fresh.pass(List.of(move), 0)));
            assertThat(passed).containsExactly(created, started, completed);
        }
    }

    @Test
    void whatIsMissingIsNotWaitedForLong() {
        assertThat(sequence.pass(List.of(created, failed), 0)).containsExactly(created);
        assertThat(sequence.pass(List.of(), LATER)).containsExactly(failed);
        assertThat(sequence.pass(List.of(again), LATER)).containsExactly(again);
    }

    @Test
    void whatComesLaterStillIsLeftOut() {
        assertThat(sequence.pass(List.of(created, completed), 0)).containsExactly(created);
        assertThat(sequence.pass(List.of(), LATER)).containsExactly(completed);
        assertThat(sequence.pass(List.of(started), LATER)).isEmpty();
        assertThat(sequence.pass(List.of(), 2 * LATER)).isEmpty();
    }

    @Test
    void clocksThatDifferDoNotTurnNumbersAround() {
        var skewed = started.withNumber(50);
        assertThat(sequence.pass(List.of(created, skewed), 0)).containsExactly(created, started.withNumber(100));
    }

    @Test
    void whatIsHeldIsLetGoInTheEnd() {
        assertThat(sequence.pass(List.of(completed, started), 0)).isEmpty();
        assertThat(sequence.letGoAll()).containsExactly(started, completed);
        assertThat(sequence.letGoAll()).isEmpty();
    }
}
