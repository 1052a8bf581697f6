package dev.spooled.webhooks;

import dev.spooled.refusal.Refused;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// What a webhook may ask to hear of.
enum Event {
    JOB_CREATED,
    JOB_STARTED,
    JOB_COMPLETED,
    JOB_FAILED,
    JOB_CANCELLED,
    QUEUE_PAUSED,
    QUEUE_RESUMED,
    WORKER_REGISTERED,
    WORKER_DEREGISTERED,
    SCHEDULE_TRIGGERED;

    /// Sent by the test call only, and never asked for.
    static final String TEST = "webhook.test";

    String wire() {
        return name().toLowerCase(Locale.ROOT).replace('_', '.');
    }

    /// Each of them once, in the order given.
    static List<String> checked(List<String> words) {
        if (words.isEmpty()) {
            throw Refused.invalid("events", "events must name at least one event");
        }
        for (String word : words) {
            if (Arrays.stream(values()).noneMatch(event -> event.wire().equals(word))) {
                throw Refused.invalid("events", "events may hold " + all() + ", not " + word);
            }
        }
        return words.stream().distinct().toList();
    }

    private static String all() {
        return String.join(", ", Arrays.stream(values()).map(Event::wire).toList());
    }
}
