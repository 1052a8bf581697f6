package dev.spooled.orgs;

import dev.spooled.json.JsonObject;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A member of a change in its three states: left out (the old value stays), null (cleared) or a value.
public record Change<T>(boolean given, @Nullable T value) {
    public static <T> Change<T> none() {
        return new Change<>(false, null);
    }

    /// The member of that name as `read` reads it, which answers null for both an absent and a null one.
    public static <T> Change<T> of(JsonObject body, String name, Function<String, @Nullable T> read) {
        boolean given = body.has(name) || body.isNull(name);
        return given ? new Change<>(true, read.apply(name)) : none();
    }

    public @Nullable T or(@Nullable T current) {
        return given ? value : current;
    }
}
