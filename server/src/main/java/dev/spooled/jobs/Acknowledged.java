package dev.spooled.jobs;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// What an acknowledgement came to, now or when it was first sent.
public sealed interface Acknowledged {
    record Completed() implements Acknowledged {}

    /// `nextRetryAt` is null without a retry.
    record Failed(boolean willRetry, @Nullable Instant nextRetryAt) implements Acknowledged {}

    record Renewed(Instant expiresAt) implements Acknowledged {}

    record Released() implements Acknowledged {}

    record Cancelled() implements Acknowledged {}

    record Retried() implements Acknowledged {}

    record Prioritised(int old) implements Acknowledged {}

    record Signalled() implements Acknowledged {}
}
