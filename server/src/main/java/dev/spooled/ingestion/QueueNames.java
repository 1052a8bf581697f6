package dev.spooled.ingestion;

/// Queues named after a provider and its event.
final class QueueNames {
    private static final int LONGEST_EVENT = 64;

    private QueueNames() {}

    /// `prefix-event`, with `-` for whatever a queue's name should not have.
    static String of(String prefix, String event) {
        String plain = event.replaceAll("[^A-Za-z0-9_-]", "-");
        return prefix + "-" + (plain.length() > LONGEST_EVENT ? plain.substring(0, LONGEST_EVENT) : plain);
    }
}
