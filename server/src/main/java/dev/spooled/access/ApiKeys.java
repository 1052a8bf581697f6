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

/// The API keys: minted, looked up by hash, revoked. What a hash leads to, also when to nothing, is remembered for a
/// few
/// seconds; a key revoked on this server stops at once, one revoked on another after those seconds. Safe for any number
/// of threads.
public final class ApiKeys {
    private static final Statements SQL = Statements.beside(ApiKeys.class, "access.sql");
    private static final Sql MINT = SQL.get("mint");
    private static final Sql HOLDER = SQL.get("holder");
    private static final Sql USED = SQL.get("used");
    private static final Sql REVOKE = SQL.get("revoke");

    private static final Duration REMEMBERED = Duration.ofSeconds(5);
    private static final Duration USE_NOTED_EVERY = Duration.ofMinutes(5);
    private static final int MAX_REMEMBERED = 50_000;

    private final Db db;
    private final Clock clock;
    private final Cache<ByteBuffer, Optional<Holder>> known = Caffeine.newBuilder()
            .maximumSize(MAX_REMEMBERED)
            .expireAfterWrite(REMEMBERED)
            .build();

    public ApiKeys(Db db, Clock clock) {
        this.db = db;
        this.clock = clock;
    }

    private record Holder(
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
        return known.get(ByteBuffer.wrap(hash), key -> lookUp(hash))
                .filter(this::inForce)
                .map(Holder::caller);
    }

    /// Ends a key. Answers whether there was one to end.
    public boolean revoke(int org, UUID key) {
        int ended = db.inOrg(org, tx -> tx.run(REVOKE, Args.of("id", key).and("org", org)));
        known.asMap()
                .values()
                .removeIf(holder ->
                        holder.filter(it -> it.caller().key().equals(key)).isPresent());
        return ended > 0;
    }

    private Optional<Holder> lookUp(byte[] hash) {
        return db.asEngine(tx -> {
            Optional<Holder> holder = tx.first(HOLDER, Args.of("hash", hash), ApiKeys::holder);
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

    private static Holder holder(Row row) throws SQLException {
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
        return new Holder(caller, row.instantOrNull("expires_at"), row.instantOrNull("last_used"));
    }
}
