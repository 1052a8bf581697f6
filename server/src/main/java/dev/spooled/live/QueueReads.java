package dev.spooled.live;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.Homes;
import dev.spooled.db.PgArray;
import dev.spooled.db.Row;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.refusal.Refused;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What live events need to know of queues: names by number, which never change, and how many jobs they hold.
final class QueueReads {
    private static final Statements SQL = Statements.beside(QueueReads.class, "live.sql");
    private static final Sql QUEUE_NAMES = SQL.get("queue_names");
    private static final Sql QUEUE_COUNTS = SQL.get("queue_counts");
    private static final int NAMES_KEPT = 100_000;
    private static final int COUNTS_KEPT = 10_000;

    private final Homes db;
    private final Cache<Integer, String> names =
            Caffeine.newBuilder().maximumSize(NAMES_KEPT).build();

    /// For many who ask for the same at once.
    private final Cache<Of, Counts> recent = Caffeine.newBuilder()
            .maximumSize(COUNTS_KEPT)
            .expireAfterWrite(Duration.ofSeconds(1))
            .build();

    private record Of(int org, String queue) {}

    /// `pending` counts those that wait for their time, too, `failed` the dead letters.
    record Counts(String queue, long pending, long processing, long completed, long failed) {
        static Counts none(String queue) {
            return new Counts(queue, 0, 0, 0, 0);
        }
    }

    QueueReads(Homes db) {
        this.db = db;
    }

    /// Null for a number that no queue has.
    @Nullable
    String name(int number) {
        return names.getIfPresent(number);
    }

    /// Makes sure that these are known. `orgOf` says whose each is; what is in a cell that is away stays unknown.
    void learn(Map<Integer, Integer> orgOf) {
        var unknown = new HashMap<Db, PgArray>();
        orgOf.forEach((number, org) -> {
            if (names.getIfPresent(number) == null) {
                home(org)
                        .ifPresent(it -> unknown.computeIfAbsent(it, home -> PgArray.ints())
                                .add(number));
            }
        });
        unknown.forEach((home, ids) -> home.readAsEngine(QUEUE_NAMES, Args.of("ids", ids), row -> {
            names.put(row.integer("id"), row.text("name"));
            return true;
        }));
    }

    private Optional<Db> home(int org) {
        try {
            return Optional.of(db.of(org));
        } catch (Refused e) {
            return Optional.empty();
        }
    }

    /// As of within the last second. A queue nobody has used has none.
    Counts recentCounts(int org, String queue) {
        return recent.get(
                new Of(org, queue),
                of -> counts(org, Set.of(queue)).stream().findFirst().orElse(Counts.none(queue)));
    }

    /// Of those queues that there are.
    List<Counts> counts(int org, Set<String> queues) {
        Args args = Args.of("org", org).and("names", PgArray.texts(queues));
        return db.of(org).readAsEngine(QUEUE_COUNTS, args, QueueReads::counts);
    }

    private static Counts counts(Row row) throws SQLException {
        return new Counts(
                row.text("name"),
                row.bigint("pending"),
                row.bigint("processing"),
                row.bigint("completed"),
                row.bigint("failed"));
    }
}
