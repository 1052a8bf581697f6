package dev.spooled.access;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.PgArray;
import dev.spooled.db.Row;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.db.Tx;
import dev.spooled.refusal.Refused;
import dev.spooled.time.Clock;
import java.nio.ByteBuffer;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The API keys: minted and looked up by hash. What a hash leads to, also when to nothing, is remembered for a few
/// seconds; a key changed on this server changes at once, one changed on another after those seconds. Safe for any
/// number of threads.
public final class ApiKeys {
    private static final Statements SQL = Statements.beside(ApiKeys.class, "access.sql");
    private static final Sql MINT = SQL.get("mint");
    private static final Sql HOLDER = SQL.get("holder");
    private static final Sql USED = SQL.get("used");

    private static final Duration REMEMBERED = Duration.ofSeconds(5);
    private static final Duration USE_NOTED_EVERY = Duration.ofMinutes(5);
    private static final int MAX_REMEMBERED = 50_000;

    private final Db db;
    private final Clock clock;
    private final Cache<ByteBuffer, Optional<Holder>> known = Caffeine.newBuilder()
            .maximumSize(MAX_REMEMBERED)
            .expireAfterWrite(REMEMBERED)
            .build();

    /// When keys were changed here, in nanoseconds of the monotonic timer: a reading that began before is not trusted.
    private final Cache<UUID, Long> changed = Caffeine.newBuilder()
            .maximumSize(MAX_REMEMBERED)
            .expireAfterWrite(REMEMBERED.multipliedBy(12))
            .build();

    public ApiKeys(Db db, Clock clock) {
        this.db = db;
        this.clock = clock;
    }

    private record Holder(
            long readAtNanos,
            Caller caller,
            @Nullable Instant expiresAt,
            @Nullable Instant lastUsed) {}

    /// Makes a key within the transaction that makes or checks its organization.
    public MintedKey mint(Tx tx, int org, NewKey key) {
        Instant now = clock.now();
        Instant end = key.expiresAt();
        if (end != null && !end.isAfter(now)) {
            throw Refused.invalid("expires_at", "expires_at must lie in the future");
        }
        RawKey raw = RawKey.mint();
        UUID id = UUID.randomUUID();
        var queues = PgArray.texts();
        key.queues().forEach(queues::add);
        tx.run(
                MINT,
                Args.of("id", id)
                        .and("org", org)
                        .and("name", key.name())
                        .and("hash", raw.hash())
                        .and("prefix", raw.shownPrefix())
                        .and("queues", queues)
                        .and("rate_limit", key.rateLimit())
                        .and("now", now)
                        .and("expires_at", end));
        known.invalidate(ByteBuffer.wrap(raw.hash()));
        return new MintedKey(id, raw.text(), key.name(), now, end);
    }

    /// The caller a presented key stands for, if the key and its organization are in force.
    public Optional<Caller> caller(String presented) {
        byte[] hash = RawKey.presented(presented).hash();
        var key = ByteBuffer.wrap(hash);
        Optional<Holder> holder = known.get(key, it -> lookUp(hash));
        if (holder.filter(this::isOutdated).isPresent()) {
            holder = lookUp(hash);
            known.put(key, holder);
        }
        return holder.filter(this::inForce).map(Holder::caller);
    }

    /// Makes a change to a key, which has been committed, hold here at once; also against a reading still under way.
    void forget(UUID id, byte[] hash) {
        changed.put(id, System.nanoTime());
        known.invalidate(ByteBuffer.wrap(hash));
    }

    private boolean isOutdated(Holder holder) {
        Long at = changed.getIfPresent(holder.caller().key());
        return at != null && at - holder.readAtNanos() >= 0;
    }

    private Optional<Holder> lookUp(byte[] hash) {
        long begun = System.nanoTime();
        return db.asEngine(tx -> {
            Optional<Holder> holder = tx.first(HOLDER, Args.of("hash", hash), row -> holder(row, begun));
            holder.filter(this::inForce).ifPresent(it -> noteUse(tx, it));
            return holder;
        });
    }

    private void noteUse(Tx tx, Holder holder) {
        Instant now = clock.now();
        Instant before = now.minus(USE_NOTED_EVERY);
        Instant last = holder.lastUsed();
        if (last == null || last.isBefore(before)) {
            tx.run(USED, Args.of("id", holder.caller().key()).and("now", now).and("before", before));
        }
    }

    private boolean inForce(Holder holder) {
        Instant end = holder.expiresAt();
        return end == null || end.isAfter(clock.now());
    }

    private static Holder holder(Row row, long readAtNanos) throws SQLException {
        List<String> queues = row.texts("queues");
        var caller = new Caller(
                row.integer("org"),
                row.uuid("public_id"),
                row.integer("cell"),
                row.bool("strict_leases"),
                row.uuid("id"),
                queues.contains("*") ? Set.of() : Set.copyOf(queues),
                row.texts("scopes").contains("admin"),
                row.integerOrNull("rate_limit"));
        return new Holder(readAtNanos, caller, row.instantOrNull("expires_at"), row.instantOrNull("last_used"));
    }
}
