package dev.spooled.db;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The values of a statement's named parameters. `Instant` goes as timestamptz, `PgArray` in binary, the rest as
/// pgjdbc sends it.
public final class Args {
    public static final Args NONE = new Args();

    private final Map<String, @Nullable Object> values = new HashMap<>();

    public static Args of(String name, @Nullable Object value) {
        return new Args().and(name, value);
    }

    public Args and(String name, @Nullable Object value) {
        values.put(name, value);
        return this;
    }

    /// `:first` and `:last` of these ids, in PostgreSQL's order. A statement opens every partition it may have to look
    /// into before it knows an id; with bounds it opens those between them.
    public Args andBounds(Collection<UUID> ids) {
        Comparator<UUID> order = Comparator.comparing(UUID::toString);
        return and("first", Collections.min(ids, order)).and("last", Collections.max(ids, order));
    }

    /// Sets the uses of this statement's parameters from position `first` on and returns the position after them.
    public int bind(Sql sql, PreparedStatement to, int first) throws SQLException {
        return bind(sql, to, first, null);
    }

    /// As above; `cell` is the value of `:cell` where none is given.
    int bind(Sql sql, PreparedStatement to, int first, @Nullable Integer cell) throws SQLException {
        int at = first;
        for (String name : sql.parameters()) {
            boolean given = values.containsKey(name);
            if (!given && (cell == null || !name.equals("cell"))) {
                throw new IllegalStateException(sql.name() + ": no value for :" + name);
            }
            set(to, at++, given ? values.get(name) : cell);
        }
        return at;
    }

    boolean hasNull() {
        return values.containsValue(null);
    }

    public @Nullable Object value(String name) {
        return values.get(name);
    }

    private static void set(PreparedStatement to, int at, @Nullable Object value) throws SQLException {
        if (value instanceof Instant instant) {
            to.setObject(at, instant.atOffset(ZoneOffset.UTC));
        } else {
            to.setObject(at, value);
        }
    }
}
