package dev.spooled.access;

import dev.spooled.refusal.Refused;
import java.time.Instant;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// What a key is to be: its name, the queues it may touch (none or `*` for all), its scopes (none for all), its
/// own rate limit in requests a second and its end.
public record NewKey(
        String name,
        List<String> queues,
        List<String> scopes,
        @Nullable Integer rateLimit,
        @Nullable Instant expiresAt) {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9 \\-_.()]{1,100}");
    private static final Pattern QUEUE = Pattern.compile("[\\p{L}\\p{N}_.*\\-]{1,255}");
    private static final int MAX_QUEUES = 50;
    private static final int MAX_RATE = 10_000;

    public NewKey {
        if (!NAME.matcher(name).matches()) {
            throw Refused.invalid("name", "name must be 1 to 100 letters, digits, spaces or - _ . ( )");
        }
        if (queues.size() > MAX_QUEUES) {
            throw Refused.invalid("queues", "queues may name at most " + MAX_QUEUES);
        }
        if (!queues.stream().allMatch(queue -> QUEUE.matcher(queue).matches())) {
            throw Refused.invalid("queues", "queues must be names of 1 to 255 letters, digits or - _ . *");
        }
        if (rateLimit != null && (rateLimit < 1 || rateLimit > MAX_RATE)) {
            throw Refused.invalid("rate_limit", "rate_limit must lie between 1 and " + MAX_RATE);
        }
        if (scopes.size() > Scope.values().length) {
            throw Refused.invalid("scopes", "scopes may name each scope once");
        }
        scopes = scopes.isEmpty() ? List.of(Scope.ADMIN.word()) : List.copyOf(scopes);
        Scope.of(scopes);
        queues = queues.isEmpty() || queues.contains("*") ? List.of("*") : List.copyOf(queues);
    }

    public static NewKey forAllQueues(String name) {
        return new NewKey(name, List.of(), List.of(), null, null);
    }
}
