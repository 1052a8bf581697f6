package dev.spooled.jobs;

import dev.spooled.refusal.Refused;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// Job ids as clients write them. What is no id is nobody's id: 404, never 400.
public final class JobIds {
    private JobIds() {}

    public static UUID of(String text) {
        return parsed(text).orElseThrow(() -> Refused.notFound("Job not found: " + text));
    }

    /// Those that are ids, in the order given, each once.
    static List<UUID> all(List<String> texts) {
        return texts.stream()
                .map(JobIds::parsed)
                .flatMap(Optional::stream)
                .distinct()
                .toList();
    }

    public static Optional<UUID> parsed(String text) {
        try {
            return Optional.of(UUID.fromString(text));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
