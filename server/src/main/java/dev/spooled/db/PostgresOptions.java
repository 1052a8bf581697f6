package dev.spooled.db;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a test or benchmark changes about the embedded PostgreSQL: a folder of programs shared between several data
/// directories, and settings over ours.
public record PostgresOptions(@Nullable Path binaries, Map<String, String> settings) {
    public static final PostgresOptions NONE = new PostgresOptions(null, Map.of());
}
