package dev.spooled.jobs;

import dev.spooled.refusal.Refused;

/// A worker's name: any text of 1 to 255 characters; it need not be registered.
final class WorkerName {
    private static final int MAX_LENGTH = 255;

    private WorkerName() {}

    static void check(String name) {
        if (name.isEmpty() || name.length() > MAX_LENGTH) {
            throw Refused.invalid("worker_id", "worker_id must have 1 to 255 characters");
        }
    }
}
