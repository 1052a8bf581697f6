package dev.spooled.bus;

import java.util.List;

/// What one node tells the others. All of it is already committed.
public sealed interface Message {
    /// Roughly what it takes of the memory, in bytes.
    default int weight() {
        return 64;
    }

    /// Jobs of these queues of a cell became ready: claims that wait elsewhere look again.
    record Work(int cell, List<Integer> queues) implements Message {
        @Override
        public int weight() {
            return 64 + 16 * queues.size();
        }
    }

    /// Something that nodes remember is not so any more. `name` is that of the queue, or the id of what ends with the
    /// change of a credential.
    record Changed(What what, int org, String name) implements Message {
        @Override
        public int weight() {
            return 64 + 2 * name.length();
        }
    }

    enum What {
        CREDENTIAL,
        UNKNOWN_CREDENTIALS,
        PLAN,
        QUEUE,
        WEBHOOKS
    }

    /// The sender has listeners to live events of these organizations, for the next seconds.
    record Listening(List<Integer> orgs) implements Message {
        @Override
        public int weight() {
            return 64 + 16 * orgs.size();
        }
    }

    /// Live events of an organization, in the form that those who tell and hear of them agree on.
    record Happened(int org, byte[] events) implements Message {
        @Override
        public int weight() {
            return 64 + events.length;
        }
    }

    /// The sender has just begun to live.
    record Joined() implements Message {}

    /// A sign of life, heard by its sender, too.
    record Beat() implements Message {}
}
