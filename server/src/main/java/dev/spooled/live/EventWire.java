package dev.spooled.live;

import dev.spooled.announce.Announcement;
import dev.spooled.bus.Bytes;
import dev.spooled.engine.JobMove;
import dev.spooled.engine.JobMove.Detail;
import dev.spooled.engine.JobStatus;
import dev.spooled.live.Inbox.Moves;
import dev.spooled.live.Inbox.News;
import dev.spooled.live.Inbox.Told;
import dev.spooled.time.Clock;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What happened to an organization, as one node tells it to another: small, since each change of a job is some fifty
/// bytes.
final class EventWire {
    /// A result longer than an event would have it stays here, or than a message has room for.
    private static final int ROOM_BESIDE_A_RESULT = 300;

    private static final int NOT_SET = -1;

    private EventWire() {}

    /// What is told, in parts of at most `largest` bytes. What does not fit even alone is left to the bus to lose.
    static List<byte[]> write(List<Told> items, int largest) {
        var parts = new ArrayList<byte[]>();
        var part = new ByteArrayOutputStream();
        for (Told item : items) {
            for (byte[] each : each(item, largest)) {
                if (part.size() > 0 && part.size() + each.length > largest) {
                    parts.add(part.toByteArray());
                    part.reset();
                }
                part.writeBytes(each);
            }
        }
        if (part.size() > 0) {
            parts.add(part.toByteArray());
        }
        return parts;
    }

    private static List<byte[]> each(Told item, int largest) {
        return switch (item) {
            case Moves moves ->
                moves.moves().stream()
                        .map(move -> Bytes.of(out -> write(out, move, largest - ROOM_BESIDE_A_RESULT)))
                        .toList();
            case News news -> List.of(Bytes.of(out -> write(out, news)));
        };
    }

    // ---- changes of jobs

    private static void write(DataOutputStream out, JobMove move, int largestText) throws IOException {
        out.writeByte('M');
        out.writeInt(move.queue());
        id(out, move.job());
        JobStatus from = move.from();
        out.writeByte(from == null ? NOT_SET : from.ordinal());
        out.writeByte(move.to().ordinal());
        out.writeLong(move.number());
        switch (move.detail()) {
            case Detail.Plain _ -> out.writeByte('P');
            case Detail.Created created -> {
                out.writeByte('N');
                out.writeInt(created.priority());
            }
            case Detail.Started started -> {
                out.writeByte('S');
                text(out, started.worker());
                out.writeInt(started.attempt());
            }
            case Detail.Completed completed -> {
                out.writeByte('C');
                out.writeLong(Clock.microsOf(completed.startedAt()));
                text(out, carried(completed.result(), largestText));
            }
            case Detail.Failed failed -> {
                out.writeByte('F');
                text(out, failed.error());
                out.writeInt(failed.retryCount());
            }
        }
    }

    private static @Nullable String carried(@Nullable String result, int most) {
        boolean fits = result != null
                && result.length() <= Events.MAX_RESULT
                && result.getBytes(StandardCharsets.UTF_8).length <= most;
        return fits ? result : null;
    }

    private static JobMove move(DataInputStream in, int org) throws IOException {
        int queue = in.readInt();
        UUID job = id(in);
        byte from = in.readByte();
        JobStatus to = JobStatus.of(in.readByte());
        long number = in.readLong();
        return new JobMove(org, queue, job, from == NOT_SET ? null : JobStatus.of(from), to, number, detail(in));
    }

    private static Detail detail(DataInputStream in) throws IOException {
        return switch (in.readByte()) {
            case 'P' -> Detail.NONE;
            case 'N' -> new Detail.Created(in.readInt());
            case 'S' -> new Detail.Started(needed(in), in.readInt());
            case 'C' -> new Detail.Completed(Clock.instantOf(in.readLong()), text(in));
            case 'F' -> new Detail.Failed(needed(in), in.readInt());
            default -> throw new IOException("no detail");
        };
    }

    // ---- the rest

    private static void write(DataOutputStream out, News news) throws IOException {
        out.writeByte('A');
        out.writeLong(Clock.microsOf(news.at()));
        switch (news.news()) {
            case Announcement.QueuePaused it -> {
                out.writeByte('p');
                text(out, it.queue());
                text(out, it.reason());
            }
            case Announcement.QueueResumed it -> {
                out.writeByte('r');
                text(out, it.queue());
            }
            case Announcement.WorkerRegistered it -> {
                out.writeByte('w');
                text(out, it.worker());
                text(out, it.queue());
                text(out, it.hostname());
            }
            case Announcement.WorkerHeartbeat it -> {
                out.writeByte('h');
                text(out, it.worker());
                text(out, it.status());
            }
            case Announcement.WorkerDeregistered it -> {
                out.writeByte('d');
                text(out, it.worker());
            }
            case Announcement.ScheduleTriggered it -> {
                out.writeByte('s');
                text(out, it.queue());
                id(out, it.schedule());
                id(out, it.job());
            }
            case Announcement.JobProgress it -> {
                out.writeByte('g');
                text(out, it.queue());
                id(out, it.job());
                out.writeDouble(it.percent());
                text(out, it.message());
            }
        }
    }

    private static Announcement news(DataInputStream in, int org) throws IOException {
        return switch (in.readByte()) {
            case 'p' -> new Announcement.QueuePaused(org, needed(in), text(in));
            case 'r' -> new Announcement.QueueResumed(org, needed(in));
            case 'w' -> new Announcement.WorkerRegistered(org, needed(in), needed(in), needed(in));
            case 'h' -> new Announcement.WorkerHeartbeat(org, needed(in), needed(in));
            case 'd' -> new Announcement.WorkerDeregistered(org, needed(in));
            case 's' -> new Announcement.ScheduleTriggered(org, needed(in), id(in), id(in));
            case 'g' -> new Announcement.JobProgress(org, needed(in), id(in), in.readDouble(), text(in));
            default -> throw new IOException("no announcement");
        };
    }

    // ---- reading

    /// Throws `IOException` for what another version of the server may have meant.
    static List<Told> read(int org, byte[] bytes) throws IOException {
        var told = new ArrayList<Told>();
        var moves = new ArrayList<JobMove>();
        try (var in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            while (in.available() > 0) {
                switch (in.readByte()) {
                    case 'M' -> moves.add(move(in, org));
                    case 'A' -> {
                        Instant at = Clock.instantOf(in.readLong());
                        told.add(new News(news(in, org), at, false));
                    }
                    default -> throw new IOException("nothing that is told");
                }
            }
        } catch (IndexOutOfBoundsException e) {
            throw new IOException(e);
        }
        if (!moves.isEmpty()) {
            told.addFirst(Moves.of(moves, false));
        }
        return told;
    }

    private static void id(DataOutputStream out, UUID id) throws IOException {
        out.writeLong(id.getMostSignificantBits());
        out.writeLong(id.getLeastSignificantBits());
    }

    private static UUID id(DataInputStream in) throws IOException {
        return new UUID(in.readLong(), in.readLong());
    }

    private static void text(DataOutputStream out, @Nullable String text) throws IOException {
        if (text == null) {
            out.writeInt(NOT_SET);
            return;
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static @Nullable String text(DataInputStream in) throws IOException {
        int length = in.readInt();
        if (length == NOT_SET) {
            return null;
        }
        if (length < 0 || length > in.available()) {
            throw new IOException("a length beyond the end");
        }
        return new String(in.readNBytes(length), StandardCharsets.UTF_8);
    }

    private static String needed(DataInputStream in) throws IOException {
        String text = text(in);
        if (text == null) {
            throw new IOException("a text is missing");
        }
        return text;
    }
}
