package dev.spooled.bus;

import dev.spooled.bus.Message.Beat;
import dev.spooled.bus.Message.Changed;
import dev.spooled.bus.Message.Happened;
import dev.spooled.bus.Message.Joined;
import dev.spooled.bus.Message.Listening;
import dev.spooled.bus.Message.What;
import dev.spooled.bus.Message.Work;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Messages as bytes. A frame is a version, its sender, its number and some messages; one of another version, or one
/// that cannot be read, is nothing.
final class Wire {
    /// Raised when a node of before could misread what is sent: then nodes of both kinds do without each other's.
    private static final int VERSION = 1;

    static final int HEADER_BYTES = 1 + 16 + 8;

    /// What a `Happened` takes besides its events.
    static final int MESSAGE_BYTES = 1 + 4 + 4;

    record Frame(UUID sender, long number, List<Message> messages) {}

    private Wire() {}

    static byte[] frame(UUID sender, long number, byte[] messages, int length) {
        return Bytes.of(to -> {
            to.writeByte(VERSION);
            to.writeLong(sender.getMostSignificantBits());
            to.writeLong(sender.getLeastSignificantBits());
            to.writeLong(number);
            to.write(messages, 0, length);
        });
    }

    static byte[] message(Message message) {
        return Bytes.of(to -> {
            switch (message) {
                case Work work -> {
                    to.writeByte('W');
                    to.writeInt(work.cell());
                    numbers(to, work.queues());
                }
                case Changed changed -> {
                    to.writeByte('C');
                    to.writeByte(changed.what().ordinal());
                    to.writeInt(changed.org());
                    bytes(to, changed.name().getBytes(StandardCharsets.UTF_8));
                }
                case Listening listening -> {
                    to.writeByte('L');
                    numbers(to, listening.orgs());
                }
                case Happened happened -> {
                    to.writeByte('H');
                    to.writeInt(happened.org());
                    bytes(to, happened.events());
                }
                case Joined _ -> to.writeByte('J');
                case Beat _ -> to.writeByte('B');
            }
        });
    }

    /// Null for what is no frame of ours.
    static @Nullable Frame read(byte[] frame) {
        try (var from = new DataInputStream(new ByteArrayInputStream(frame))) {
            if (from.readByte() != VERSION) {
                return null;
            }
            var sender = new UUID(from.readLong(), from.readLong());
            long number = from.readLong();
            var messages = new ArrayList<Message>();
            while (from.available() > 0) {
                messages.add(message(from));
            }
            return new Frame(sender, number, messages);
        } catch (IOException | IllegalArgumentException e) {
            return null;
        }
    }

    private static Message message(DataInputStream from) throws IOException {
        return switch (from.readByte()) {
            case 'W' -> new Work(from.readInt(), numbers(from));
            case 'C' -> new Changed(what(from.readByte()), from.readInt(), text(from));
            case 'L' -> new Listening(numbers(from));
            case 'H' -> new Happened(from.readInt(), bytes(from));
            case 'J' -> new Joined();
            case 'B' -> new Beat();
            default -> throw new IllegalArgumentException("no message");
        };
    }

    private static What what(int ordinal) {
        What[] all = What.values();
        if (ordinal < 0 || ordinal >= all.length) {
            throw new IllegalArgumentException("no such change");
        }
        return all[ordinal];
    }

    private static void numbers(DataOutputStream to, List<Integer> numbers) throws IOException {
        to.writeInt(numbers.size());
        for (int number : numbers) {
            to.writeInt(number);
        }
    }

    private static List<Integer> numbers(DataInputStream from) throws IOException {
        int size = from.readInt();
        check(size >= 0 && size <= from.available() / Integer.BYTES);
        var numbers = new ArrayList<Integer>(size);
        for (int i = 0; i < size; i++) {
            numbers.add(from.readInt());
        }
        return numbers;
    }

    private static void bytes(DataOutputStream to, byte[] bytes) throws IOException {
        to.writeInt(bytes.length);
        to.write(bytes);
    }

    private static byte[] bytes(DataInputStream from) throws IOException {
        int length = from.readInt();
        check(length >= 0 && length <= from.available());
        return from.readNBytes(length);
    }

    private static String text(DataInputStream from) throws IOException {
        return new String(bytes(from), StandardCharsets.UTF_8);
    }

    private static void check(boolean so) {
        if (!so) {
            throw new IllegalArgumentException("a length beyond the frame");
        }
    }
}
