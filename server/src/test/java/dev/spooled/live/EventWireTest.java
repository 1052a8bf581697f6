package dev.spooled.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spooled.announce.Announcement;
import dev.spooled.engine.JobMove;
import dev.spooled.engine.JobMove.Detail;
import dev.spooled.engine.JobStatus;
import dev.spooled.live.Inbox.Moves;
import dev.spooled.live.Inbox.News;
import dev.spooled.live.Inbox.Told;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// What one node tells another comes out as it went in.
class EventWireTest {
    private static final Instant AT = Instant.parse("2026-11-26T12:00:00.123456Z");
    private static final UUID ID = UUID.randomUUID();

    private static JobMove move(@Nullable JobStatus from, JobStatus to, Detail detail) {
        return new JobMove(7, 3, ID, from, to, 12_345, detail);
    }

    private static List<Told> everything() {
        var told = new ArrayList<Told>();
        told.add(Moves.of(
                List.of(
                        move(null, JobStatus.SCHEDULED, new Detail.Created(9)),
                        move(JobStatus.SCHEDULED, JobStatus.PENDING, Detail.NONE),
                        move(JobStatus.PENDING, JobStatus.PROCESSING, new Detail.Started("wörker", 2)),
                        move(JobStatus.PROCESSING, JobStatus.PENDING, new Detail.Failed("no", 1)),
                        move(JobStatus.PROCESSING, JobStatus.COMPLETED, new Detail.Completed(AT, "{}")),
                        move(JobStatus.PROCESSING, JobStatus.COMPLETED, new Detail.Completed(AT, null))),
                false));
        for (Announcement news : List.of(
                new Announcement.QueuePaused(7, "q", "why"),
                new Announcement.QueuePaused(7, "q", null),
                new Announcement.QueueResumed(7, "q"),
                new Announcement.WorkerRegistered(7, "w", "q", "host"),
                new Announcement.WorkerHeartbeat(7, "w", "healthy"),
                new Announcement.WorkerDeregistered(7, "w"),
                new Announcement.ScheduleTriggered(7, "q", ID, ID),
                new Announcement.JobProgress(7, "q", ID, 12.5, null))) {
            told.add(new News(news, AT, false));
        }
        return told;
    }

    @Test
    void everythingComesOutAsItWentIn() throws IOException {
        List<byte[]> parts = EventWire.write(everything(), 100_000);
        assertThat(parts).hasSize(1);
        assertThat(EventWire.read(7, parts.getFirst())).isEqualTo(everything());
    }

    @Test
    void partsStayWithinTheirBounds() throws IOException {
        var read = new ArrayList<Told>();
        for (byte[] part : EventWire.write(everything(), 400)) {
            assertThat(part.length).isLessThanOrEqualTo(400);
            read.addAll(EventWire.read(7, part));
        }
        assertThat(read).hasSizeGreaterThanOrEqualTo(9);
    }

    @Test
    void aResultThatDoesNotFitIsLeftOut() throws IOException {
        var large = new Detail.Completed(AT, "\"" + "x".repeat(5_900) + "\"");
        List<byte[]> parts = EventWire.write(
                List.of(Moves.of(List.of(move(JobStatus.PROCESSING, JobStatus.COMPLETED, large)), true)), 5_850);
        assertThat(parts).hasSize(1);
        assertThat(EventWire.read(7, parts.getFirst()))
                .containsExactly(Moves.of(
                        List.of(move(JobStatus.PROCESSING, JobStatus.COMPLETED, new Detail.Completed(AT, null))),
                        false));
    }

    @Test
    void whatIsCutOffIsRefused() {
        byte[] whole = EventWire.write(everything(), 100_000).getFirst();
        for (int length = 1; length < whole.length; length += 7) {
            byte[] cut = Arrays.copyOf(whole, length);
            try {
                assertThat(EventWire.read(7, cut)).isNotNull();
            } catch (IOException expected) {
                assertThat(expected).isInstanceOf(IOException.class);
            }
        }
        assertThatThrownBy(() -> EventWire.read(7, new byte[] {'?'})).isInstanceOf(IOException.class);
    }
}
