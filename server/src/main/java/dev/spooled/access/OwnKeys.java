package dev.spooled.access;

import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.PgArray;
import dev.spooled.db.Row;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.db.Tx;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import dev.spooled.time.Clock;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;

/// What an organization does with its own keys. A caller with a queue list may make, see, change and end only keys that
/// reach no further than itself; nobody may end the last key that reaches everything, which would lock all out.
///
/// An edit holds on this server before it is answered, on others within the seconds that `ApiKeys` remembers.
public final class OwnKeys {
    private static final Statements SQL = Statements.beside(OwnKeys.class, "keys.sql");
    private static final Sql LIST = SQL.get("list");
    private static final Sql GET = SQL.get("get");
    private static final Sql LOCK_UNRESTRICTED = SQL.get("lock_unrestricted");
    private static final Sql EDIT = SQL.get("edit");

    private final Db db;
    private final Clock clock;
    private final ApiKeys keys;
    private final KeyCap cap;

    public OwnKeys(Db db, Clock clock, ApiKeys keys, KeyCap cap) {
        this.db = db;
        this.clock = clock;
        this.keys = keys;
        this.cap = cap;
    }

    /// A key just made, in the clear this once, and what is kept of it.
    record Created(MintedKey key, KeyView view) {}

    Created create(Caller caller, NewKey asked) {
        checkReach(caller, asked.queues());
        checkScope(caller, asked.scopes());
        return db.inOrg(caller.org(), tx -> {
            cap.oneMoreKey(tx, caller.org());
            MintedKey minted = keys.mint(tx, caller.org(), asked);
            return new Created(minted, read(tx, caller, minted.id()));
        });
    }

    List<KeyView> list(Caller caller, int limit, int offset) {
        Args args = Args.of("org", caller.org())
                .and("all", caller.queues().isEmpty())
                .and("queues", PgArray.texts(caller.queues()))
                .and("limit", limit)
                .and("offset", offset);
        return db.inOrg(caller.org(), tx -> tx.list(LIST, args, OwnKeys::view));
    }

    KeyView get(Caller caller, UUID id) {
        return db.inOrg(caller.org(), tx -> visible(tx, caller, id));
    }

    KeyView update(Caller caller, UUID id, KeyChange change) {
        return db.inOrg(caller.org(), tx -> edit(tx, caller, id, change)).announced(keys);
    }

    /// Ends a key. Ending it again is no error.
    public void revoke(Caller caller, UUID id) {
        var unused = update(caller, id, KeyChange.revocation());
    }

    /// A committed edit, not yet known to the keys remembered on this server.
    private record Edited(KeyView view, byte[] hash) {
        KeyView announced(ApiKeys keys) {
            keys.forget(view.id(), hash);
            return view;
        }
    }

    private Edited edit(Tx tx, Caller caller, UUID id, KeyChange change) {
        List<UUID> unrestricted =
                tx.list(LOCK_UNRESTRICTED, Args.of("org", caller.org()).and("now", clock.now()), row -> row.uuid("id"));
        KeyView before = visible(tx, caller, id);
        KeyView after = before.changed(change);
        checkReach(caller, after.queues());
        checkScope(caller, after.scopes());
        if (after.active() && !before.active()) {
            cap.oneMoreKey(tx, caller.org());
        }
        boolean reachesLess = !after.active() || !after.isUnrestricted();
        if (reachesLess && unrestricted.equals(List.of(id))) {
            throw Refused.conflict("This is the last active key for all queues; create another one first");
        }
        Args args = Args.of("id", id)
                .and("org", caller.org())
                .and("name", after.name())
                .and("queues", PgArray.texts(after.queues()))
                .and("scopes", PgArray.texts(after.scopes()))
                .and("rate_limit", after.rateLimit())
                .and("is_active", after.active());
        byte[] hash = tx.first(EDIT, args, row -> row.bytes("key_hash")).orElseThrow(() -> unknown(id));
        return new Edited(after, hash);
    }

    private static KeyView visible(Tx tx, Caller caller, UUID id) {
        KeyView key = read(tx, caller, id);
        checkReach(caller, key.queues());
        return key;
    }

    private static KeyView read(Tx tx, Caller caller, UUID id) {
        Args args = Args.of("id", id).and("org", caller.org());
        return tx.first(GET, args, OwnKeys::view).orElseThrow(() -> unknown(id));
    }

    private static void checkReach(Caller caller, List<String> queues) {
        if (!caller.queues().isEmpty() && !caller.queues().containsAll(queues)) {
            throw new Refused(new Refusal.Forbidden("This API key may not touch keys that reach further than itself"));
        }
    }

    private static void checkScope(Caller caller, List<String> scopes) {
        if (!caller.scope().includes(Scope.of(scopes))) {
            throw new Refused(new Refusal.Forbidden("This API key may not touch keys of a wider scope than its own"));
        }
    }

    private static Refused unknown(UUID id) {
        return Refused.notFound("API key not found: " + id);
    }

    private static KeyView view(Row row) throws SQLException {
        return new KeyView(
                row.uuid("id"),
                row.text("name"),
                row.text("key_prefix"),
                row.texts("queues"),
                row.texts("scopes"),
                row.integerOrNull("rate_limit"),
                row.bool("is_active"),
                row.instant("created_at"),
                row.instantOrNull("last_used"),
                row.instantOrNull("expires_at"));
    }
}
