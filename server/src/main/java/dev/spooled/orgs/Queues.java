package dev.spooled.orgs;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.spooled.access.Caller;
import dev.spooled.bus.Bus;
import dev.spooled.bus.Message.Changed;
import dev.spooled.bus.Message.What;
import dev.spooled.db.Args;
import dev.spooled.db.Homes;
import dev.spooled.db.Row;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.db.Tx;
import dev.spooled.time.Clock;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;

/// Leads from a queue's name to its row. Names are remembered for a few seconds, so that a changed default reaches
/// every server; numbers never change. A queue nobody configured is made with the server's defaults when first used.
public final class Queues {
    private static final Statements SQL = Statements.beside(Queues.class, "orgs.sql");
    private static final Sql FIND = SQL.get("find_queue");
    private static final Sql CREATE = SQL.get("create_queue");
    private static final Duration REMEMBERED = Duration.ofSeconds(5);
    private static final int MAX_REMEMBERED = 100_000;

    private final Homes db;
    private final Clock clock;
    private final Defaults defaults;
    private final Cache<Key, Queue> known = Caffeine.newBuilder()
            .maximumSize(MAX_REMEMBERED)
            .expireAfterWrite(REMEMBERED)
            .build();

    private volatile Bus bus = Bus.ALONE;

    /// What a queue starts with.
    public record Defaults(short maxRetries, int timeoutSeconds) {
        public static final Defaults STANDARD = new Defaults((short) 3, 300);
    }

    private record Key(int org, String name) {}

    public Queues(Homes db, Clock clock, Defaults defaults) {
        this.db = db;
        this.clock = clock;
        this.defaults = defaults;
    }

    /// The queue of that name, made if it is new. The name has been checked.
    public Queue named(Caller caller, String name) {
        return known.get(new Key(caller.org(), name), key -> readOrCreate(caller, name));
    }

    /// The queue of that name if somebody has used it.
    public Optional<Queue> find(Caller caller, String name) {
        var key = new Key(caller.org(), name);
        Queue remembered = known.getIfPresent(key);
        if (remembered != null) {
            return Optional.of(remembered);
        }
        Optional<Queue> found = db.inOrg(caller.org(), tx -> read(tx, caller, name));
        found.ifPresent(queue -> known.put(key, queue));
        return found;
    }

    /// Makes a committed change to the queue's row hold here at once; other servers see it within seconds, and at once
    /// over the bus.
    public void forget(Caller caller, String name) {
        known.invalidate(new Key(caller.org(), name));
        bus.publish(new Changed(What.QUEUE, caller.org(), name));
    }

    /// Has changes tell the other nodes, and hears of theirs.
    public void shareOver(Bus bus) {
        bus.subscribe(Changed.class, new Bus.Subscriber<>() {
            @Override
            public void heard(Changed change) {
                if (change.what() == What.QUEUE) {
                    known.invalidate(new Key(change.org(), change.name()));
                }
            }

            @Override
            public void missed() {
                known.invalidateAll();
            }
        });
        this.bus = bus;
    }

    public Defaults defaults() {
        return defaults;
    }

    private Queue readOrCreate(Caller caller, String name) {
        return db.inOrg(caller.org(), tx -> read(tx, caller, name).orElseGet(() -> create(tx, caller, name)));
    }

    private Queue create(Tx tx, Caller caller, String name) {
        tx.run(
                CREATE,
                place(caller, name)
                        .and("public_id", UUID.randomUUID())
                        .and("max_retries", (int) defaults.maxRetries())
                        .and("default_timeout", defaults.timeoutSeconds())
                        .and("now", clock.now()));
        return read(tx, caller, name).orElseThrow();
    }

    private static Optional<Queue> read(Tx tx, Caller caller, String name) {
        return tx.first(FIND, place(caller, name), Queues::queue);
    }

    private static Args place(Caller caller, String name) {
        return Args.of("org", caller.org()).and("name", name);
    }

    private static Queue queue(Row row) throws SQLException {
        return new Queue(
                row.integer("id"),
                row.text("name"),
                (short) row.integer("max_retries"),
                row.integer("default_timeout"));
    }
}
