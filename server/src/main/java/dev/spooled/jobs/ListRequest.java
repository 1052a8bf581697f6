package dev.spooled.jobs;

import dev.spooled.engine.JobStatus;
import dev.spooled.refusal.Refused;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Which jobs a list is asked for, in which order, and which part of it. Limit and offset are brought into their
/// ranges; an order nobody knows is the usual one.
record ListRequest(
        @Nullable String queueName,
        @Nullable JobStatus status,
        @Nullable String tag,
        Order order,
        Part part) {
    static final int MAX_OFFSET = 10_000;
    private static final int MAX_LIMIT = 100;
    private static final int PRESET_LIMIT = 50;
    private static final int MAX_TAG = 255;

    /// What the rows are sorted by. Only `CREATED_AT` is an order of the whole list.
    enum Key {
        CREATED_AT,
        UPDATED_AT,
        SCHEDULED_AT,
        COMPLETED_AT,
        PRIORITY,
        STATUS,
        QUEUE_NAME,
        RETRY_COUNT
    }

    record Order(Key key, boolean ascending) {
        static Order of(@Nullable String key, @Nullable String direction) {
            Key known = Key.CREATED_AT;
            for (Key each : Key.values()) {
                known = each.name().equalsIgnoreCase(key) ? each : known;
            }
            return new Order(known, "asc".equalsIgnoreCase(direction));
        }
    }

    /// `cursor` is the last job of the page before, and takes precedence over `offset`.
    record Part(int limit, int offset, @Nullable UUID cursor) {
        static Part of(@Nullable Integer limit, @Nullable Integer offset, @Nullable String cursor) {
            UUID from = cursor == null || cursor.isEmpty()
                    ? null
                    : JobIds.parsed(cursor)
                            .orElseThrow(() -> Refused.invalid("cursor", "cursor must come from X-Next-Cursor"));
            int skipped = from != null ? 0 : Ranges.clamped(offset, 0, 0, MAX_OFFSET);
            return new Part(Ranges.clamped(limit, PRESET_LIMIT, 1, MAX_LIMIT), skipped, from);
        }
    }

    ListRequest {
        if (tag != null && tag.length() > MAX_TAG) {
            throw Refused.invalid("tag", "tag may have at most 255 characters");
        }
        tag = tag == null || tag.isEmpty() ? null : tag;
        queueName = queueName == null || queueName.isEmpty() ? null : queueName;
    }

    static @Nullable JobStatus status(@Nullable String word) {
        if (word == null || word.isEmpty()) {
            return null;
        }
        return JobStatus.named(word)
                .orElseThrow(() -> Refused.invalid("status", "status must be one of the seven, not " + word));
    }
}
