package dev.spooled.engine;

import static dev.spooled.db.PgArray.NO_TIME;

import java.util.Comparator;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The first ready rows of a queue as this node last committed them, with their row addresses.
///
/// Holds exactly the rows up to the tail; `more` says that the table may hold rows after it. A new row is added when
/// it belongs before the tail, or anywhere when there is no more. Beyond the bound the tail is cut and `more` set.
final class ReadyHead {
    static final int ROWS_MAX = 5_000;

    /// A ready row. `rowId` is its address (`(block,offset)` as the database writes it).
    record Row(
            String rowId,
            UUID id,
            int org,
            int attempt,
            short priority,
            short retryCount,
            short flags,
            int timeoutSeconds,
            long expiresAtMicros) {
        boolean expired(long nowMicros) {
            return expiresAtMicros != NO_TIME && expiresAtMicros <= nowMicros;
        }
    }

    static final Comparator<Row> ORDER =
            Comparator.comparingInt((Row row) -> -row.priority()).thenComparing(Row::id);

    private final TreeSet<Row> rows = new TreeSet<>(ORDER);
    private boolean more;
    private @Nullable Row tail;

    static ReadyHead of(Iterable<Row> found, boolean more) {
        var head = new ReadyHead();
        found.forEach(head.rows::add);
        head.more = more;
        head.tail = head.rows.isEmpty() ? null : head.rows.last();
        return head;
    }

    TreeSet<Row> rows() {
        return rows;
    }

    boolean hasMore() {
        return more;
    }

    /// Whether a row with this place in the order is within what memory holds.
    boolean covers(Row row) {
        Row last = tail;
        return !more || last != null && ORDER.compare(row, last) < 0;
    }

    void add(Row row) {
        if (!covers(row)) {
            return;
        }
        rows.add(row);
        if (rows.size() > ROWS_MAX) {
            rows.pollLast();
            more = true;
            tail = rows.last();
        }
    }

    void remove(Row row) {
        rows.remove(row);
    }
}
