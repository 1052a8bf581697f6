package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.engine.Command.Claim;
import dev.spooled.engine.Command.Complete;
import dev.spooled.engine.Command.Enqueue;
import dev.spooled.engine.Command.Holder;
import dev.spooled.engine.Command.Settled;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A lane that knows of no waiting jobs asserts that there are none; when there are, the batch is repeated.
class LookForWaitingTest {
    private TestCell cell;
    private int org;
    private int queue;

    @BeforeEach
    void open() {
        cell = new TestCell();
        org = cell.org();
        queue = cell.queue(org, "q");
    }

    @AfterEach
    void close() {
        assertThat(cell.drift()).isEmpty();
        cell.close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aBatchThatWasSurprisedIsRepeatedWholeAndTheNextOnesLook(boolean asserted) {
        if (asserted) {
            cell.assertBatches(() -> false);
        }

        cell.runTogether(completes(jobs(3)));
        assertThat(cell.way.surprises()).isZero();

        assertThat(releasesItsChild()).isTrue();
        assertThat(cell.way.surprises()).isEqualTo(1);

        assertThat(releasesItsChild()).isTrue();
        assertThat(cell.way.surprises()).as("it looks for a second").isEqualTo(1);

        cell.clock.advance(Duration.ofSeconds(2));
        cell.runTogether(completes(jobs(3)));
        assertThat(releasesItsChild()).isTrue();
        assertThat(cell.way.surprises()).as("and then trusts again").isEqualTo(2);
        assertThat(cell.count("ended")).isZero();
    }

    /// Completes a parent among others in one batch; all are answered once, and the child may start.
    private boolean releasesItsChild() {
        List<UUID> parents = jobs(3);
        UUID child = cell.run(
                        new Enqueue(List.of(NewJob.plain(org, queue, 0, "{}").withParent(parents.getFirst()))))
                .getFirst()
                .id();
        List<Complete> completes = completes(parents);
        int surprises = cell.way.surprises();
        assertThat(cell.runTogether(completes)).hasSize(3).allMatch(answer -> answer instanceof Settled.Completed);
        assertThat(cell.way.surprises() - surprises).isLessThan(2);
        List<Holder> next = claim();
        cell.runTogether(next.stream().map(holder -> new Complete(holder, null)).toList());
        return next.size() == 1 && next.getFirst().job().equals(child);
    }

    private List<UUID> jobs(int n) {
        List<UUID> ids = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            ids.add(cell.run(new Enqueue(List.of(NewJob.plain(org, queue, 0, "{}"))))
                    .getFirst()
                    .id());
        }
        return ids;
    }

    private List<Complete> completes(List<UUID> jobs) {
        List<Holder> held = claim();
        assertThat(held).extracting(Holder::job).containsExactlyInAnyOrderElementsOf(jobs);
        return held.stream().map(holder -> new Complete(holder, null)).toList();
    }

    private List<Holder> claim() {
        return cell.run(new Claim(org, queue, "w", 10, 30, 0, () -> true)).stream()
                .map(job -> new Holder(org, job.id(), job.leaseId(), "w"))
                .toList();
    }
}
