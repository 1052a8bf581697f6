package dev.spooled.db;

import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The row a result stands on, read by column name or position. Methods named `...OrNull` allow SQL null.
public final class Row {
    private final ResultSet at;

    public Row(ResultSet at) {
        this.at = at;
    }

    /// Turns the current row into a value.
    public interface Reader<T> {
        T read(Row row) throws SQLException;
    }

    public UUID uuid(String column) throws SQLException {
        return present(column, uuidOrNull(column));
    }

    public @Nullable UUID uuidOrNull(String column) throws SQLException {
        return at.getObject(column, UUID.class);
    }

    public String text(String column) throws SQLException {
        return present(column, textOrNull(column));
    }

    public @Nullable String textOrNull(String column) throws SQLException {
        return at.getString(column);
    }

    public int integer(String column) throws SQLException {
        return at.getInt(column);
    }

    public @Nullable Integer integerOrNull(String column) throws SQLException {
        int value = at.getInt(column);
        return at.wasNull() ? null : value;
    }

    public long bigint(String column) throws SQLException {
        return at.getLong(column);
    }

    public @Nullable Double realOrNull(String column) throws SQLException {
        double value = at.getDouble(column);
        return at.wasNull() ? null : value;
    }

    public boolean bool(String column) throws SQLException {
        return at.getBoolean(column);
    }

    public Instant instant(String column) throws SQLException {
        return present(column, instantOrNull(column));
    }

    public @Nullable Boolean boolOrNull(String column) throws SQLException {
        boolean value = at.getBoolean(column);
        return at.wasNull() ? null : value;
    }

    public @Nullable Instant instantOrNull(String column) throws SQLException {
        OffsetDateTime time = at.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }

    public byte[] bytes(String column) throws SQLException {
        return present(column, at.getBytes(column));
    }

    public byte @Nullable [] bytesOrNull(String column) throws SQLException {
        return at.getBytes(column);
    }

    public List<String> texts(String column) throws SQLException {
        Array array = at.getArray(column);
        return List.of((String[]) array.getArray());
    }

    private static <T> T present(String column, @Nullable T value) {
        if (value == null) {
            throw new IllegalStateException("column " + column + " is null");
        }
        return value;
    }
}
