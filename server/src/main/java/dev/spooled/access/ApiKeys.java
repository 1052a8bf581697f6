package dev.spooled.access;

import dev.spooled.access.Remembered.Holder;
import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.PgArray;
import dev.spooled.db.Row;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.db.Tx;
import dev.spooled.refusal.Refused;
import dev.spooled.time.Clock;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The API keys: minted and looked up by hash. A key changed on this server changes at once, one changed on another
/// within the seconds that `Remembered` keeps. Safe for any number of threads.
public final class ApiKeys {
    private static final Statements SQL = Statements.beside(ApiKeys.class, "access.sql");
    private static final Sql MINT = SQL.get("mint");
    private static final Sql HOLDER = SQL.get("holder");
    private static final Sql USED = SQL.get("used");

    private static final Duration USE_NOTED_EVERY = Duration.ofMinutes(5);

    private final Db db;
    private final Clock clock;
    private final Remembered remembered;

    public ApiKeys(Db db, Clock clock, Remembered remembered) {
        this.db = db;
        this.clock = clock;
        this.remembered = remembered;
    }

    /// Makes a key within the transaction that makes or checks its organization.
    public MintedKey mint(Tx tx, int org, NewKey key) {
        Instant now = clock.now();
        Instant end = key.expiresAt();
        if (end != null && !end.isAfter(now)) {
            throw Refused.invalid("expires_at", "expires_at must lie in the future");
        }
        RawKey raw = RawKey.mint();
        UUID id = UUID.randomUUID();
        tx.run(
                MINT,
                Args.of("id", id)
                        .and("org", org)
                        .and("name", key.name())
                        .and("hash", raw.hash())
                        .and("prefix", raw.shownPrefix())
                        .and("queues", PgArray.texts(key.queues()))
                        .and("scopes", PgArray.texts(key.scopes()))
                        .and("rate_limit", key.rateLimit())
                        .and("now", now)
                        .and("expires_at", end));
        remembered.forget(raw.hash());
        return new MintedKey(id, raw.text(), key.name(), now, end);
    }

    /// The caller a presented key stands for, if the key and its organization are in force.
    public Optional<Caller> caller(String presented) {
        byte[] hash = RawKey.presented(presented).hash();
        return remembered
                .find(hash, begun -> lookUp(hash, begun))
                .filter(holder -> holder.isInForce(clock.now()))
                .map(Holder::caller);
    }

    /// Makes a change to a key, which has been committed, hold here at once.
    void forget(UUID id, byte[] hash) {
        remembered.forget(id);
        remembered.forget(hash);
    }

    private record Found(Holder holder, @Nullable Instant lastUsed) {}

    private Optional<Holder> lookUp(byte[] hash, long begun) {
        return db.asEngine(tx -> {
            Optional<Found> found = tx.first(
                    HOLDER,
                    Args.of("hash", hash),
                    row -> new Found(holder(row, begun, List.of()), row.instantOrNull("last_used")));
            found.filter(it -> it.holder.isInForce(clock.now())).ifPresent(it -> noteUse(tx, it));
            return found.map(Found::holder);
        });
    }

    private void noteUse(Tx tx, Found found) {
        Instant now = clock.now();
        Instant before = now.minus(USE_NOTED_EVERY);
        Instant last = found.lastUsed();
        if (last == null || last.isBefore(before)) {
            UUID key = found.holder().caller().actor().id();
            tx.run(USED, Args.of("id", key).and("now", now).and("before", before));
        }
    }

    /// A row of a key joined with its organization, and what else it hangs on.
    static Holder holder(Row row, long begun, List<UUID> alsoHangsOn) throws SQLException {
        List<String> queues = row.texts("queues");
        UUID key = row.uuid("id");
        UUID organization = row.uuid("public_id");
        var caller = new Caller(
                row.integer("org"),
                organization,
                row.bool("strict_leases"),
                Actor.key(key),
                queues.contains("*") ? Set.of() : Set.copyOf(queues),
                Scope.of(row.texts("scopes")),
                row.integerOrNull("rate_limit"));
        var hangsOn = new java.util.ArrayList<>(alsoHangsOn);
        hangsOn.add(key);
        hangsOn.add(organization);
        return new Holder(begun, caller, List.copyOf(hangsOn), row.instantOrNull("expires_at"));
    }
}
