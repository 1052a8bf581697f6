package dev.spooled.webhooks;

import dev.spooled.access.Caller;
import dev.spooled.access.Seal;
import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.PgArray;
import dev.spooled.db.Row;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.db.Tx;
import dev.spooled.json.JsonObject;
import dev.spooled.outbound.Targets;
import dev.spooled.refusal.Refused;
import dev.spooled.time.Clock;
import dev.spooled.time.Ids;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The operations on webhooks. They concern the organization as a whole, so a key for some queues has no part
/// in them.
public final class Webhooks {
    private static final Statements SQL = Statements.beside(Webhooks.class, "webhooks.sql");
    private static final Sql LIST = SQL.get("list");
    private static final Sql COUNT = SQL.get("count");
    private static final Sql LOCK = SQL.get("lock");
    private static final Sql CREATE = SQL.get("create");
    private static final Sql UPDATE = SQL.get("update");
    private static final Sql ROTATE = SQL.get("rotate");
    private static final Sql DELETE = SQL.get("delete");
    private static final Sql DELIVERIES = SQL.get("deliveries");
    private static final Sql RECOVER = SQL.get("recover");
    private static final Sql SEALED = SQL.get("sealed");

    /// An organization's webhooks, on and off; the list is not paged.
    static final int MAX = 500;

    static final int RECOVERED_MAX = 10_000;
    static final Duration OVERLAP_MAX = Duration.ofDays(7);

    private final Db db;
    private final Clock clock;
    private final Rules rules;
    private final Ids ids;

    /// What a webhook may be: where it may lead, how its secret is kept, whether there may be one more, and who
    /// hears of a change.
    record Rules(Targets targets, Seal seal, Cap cap, Runnable onChange, Runnable onDue) {}

    /// Whether an organization may have one more webhook that is switched on.
    public interface Cap {
        /// Refused as `LimitReached` when not. Asked in the transaction that makes it.
        void oneMore(Tx tx, int org);
    }

    Webhooks(Db db, Clock clock, Rules rules) {
        this.db = db;
        this.clock = clock;
        this.rules = rules;
        this.ids = new Ids(clock);
    }

    /// Newest first.
    List<Webhook> list(Caller caller) {
        caller.checkUnrestricted();
        return db.readInOrg(caller.org(), LIST, place(caller, null).and("limit", MAX), Webhooks::webhook);
    }

    Webhook get(Caller caller, UUID id) {
        caller.checkUnrestricted();
        return db.inOrg(caller.org(), tx -> known(tx, caller, id));
    }

    Due.Sealed sealed(Caller caller, UUID id) {
        return db.inOrg(caller.org(), tx -> tx.first(SEALED, place(caller, id), Due::sealed))
                .orElseThrow(() -> unknown(id));
    }

    Webhook create(Caller caller, JsonObject body) {
        caller.checkUnrestricted();
        NewWebhook asked = NewWebhook.of(body, rules.targets(), null);
        UUID id = mint();
        Webhook made = db.inOrg(caller.org(), tx -> {
            if (asked.enabled()) {
                rules.cap().oneMore(tx, caller.org());
            }
            int there =
                    tx.first(COUNT, place(caller, id), row -> row.integer("n")).orElseThrow();
            if (there >= MAX) {
                throw Refused.conflict("An organization may have at most " + MAX + " webhooks");
            }
            tx.run(CREATE, columns(caller, id, asked));
            return known(tx, caller, id);
        });
        rules.onChange().run();
        return made;
    }

    private synchronized UUID mint() {
        return ids.next();
    }

    Webhook update(Caller caller, UUID id, JsonObject body) {
        caller.checkUnrestricted();
        Webhook changed = db.inOrg(caller.org(), tx -> {
            lock(tx, caller, id);
            Webhook before = known(tx, caller, id);
            NewWebhook asked = NewWebhook.of(body, rules.targets(), before);
            if (asked.enabled() && !before.enabled()) {
                rules.cap().oneMore(tx, caller.org());
            }
            tx.run(UPDATE, columns(caller, id, asked));
            return known(tx, caller, id);
        });
        rules.onChange().run();
        return changed;
    }

    void delete(Caller caller, UUID id) {
        caller.checkUnrestricted();
        int gone = db.inOrg(caller.org(), tx -> tx.run(DELETE, place(caller, id)));
        if (gone == 0) {
            throw unknown(id);
        }
        rules.onChange().run();
    }

    /// A new secret, and until when the one before signs as well.
    record Rotated(Webhook webhook, String secret, @Nullable Instant previousUntil) {
        @Override
        public String toString() {
            return "rotated secret of " + webhook.id();
        }
    }

    /// `secret` null mints one.
    Rotated rotate(Caller caller, UUID id, @Nullable String secret, Duration overlap) {
        caller.checkUnrestricted();
        String next = secret == null ? Signatures.mint() : secret;
        Instant until = clock.now().plus(overlap);
        return db.inOrg(caller.org(), tx -> {
            boolean had = lock(tx, caller, id);
            Args args = place(caller, id)
                    .and("secret", rules.seal().close(Due.use(id), next))
                    .and("until", until)
                    .and("now", clock.now());
            tx.run(ROTATE, args);
            return new Rotated(known(tx, caller, id), next, had ? until : null);
        });
    }

    /// Newest first; `status` null is any.
    List<Delivery> deliveries(Caller caller, UUID id, @Nullable String status, int limit, int offset) {
        caller.checkUnrestricted();
        return db.inOrg(caller.org(), tx -> {
            var unused = known(tx, caller, id);
            return history(tx, caller, id, null, status, limit, offset);
        });
    }

    Delivery delivery(Caller caller, UUID id, UUID delivery) {
        caller.checkUnrestricted();
        return db
                .inOrg(caller.org(), tx -> {
                    var unused = known(tx, caller, id);
                    return history(tx, caller, id, delivery, null, 1, 0);
                })
                .stream()
                .findFirst()
                .orElseThrow(() -> Refused.notFound("Delivery not found: " + delivery));
    }

    private static List<Delivery> history(
            Tx tx, Caller caller, UUID id, @Nullable UUID delivery, @Nullable String status, int limit, int offset) {
        Args args = place(caller, delivery)
                .and("target", id.toString())
                .and("status", status)
                .and("limit", limit)
                .and("offset", offset);
        return tx.list(DELIVERIES, args, Webhooks::delivery);
    }

    /// Sends again what has failed since then. Answers how many deliveries that are; of very many, the oldest.
    int recover(Caller caller, UUID id, Instant since) {
        Webhook webhook = get(caller, id);
        if (!webhook.enabled()) {
            throw Refused.conflict("The webhook is disabled, enable it first");
        }
        Args args = place(caller, null)
                .and("target", id.toString())
                .and("since", since)
                .and("now", clock.now())
                .and("limit", RECOVERED_MAX);
        int recovered = db.asEngine(tx -> tx.run(RECOVER, args));
        rules.onDue().run();
        return recovered;
    }

    private static boolean lock(Tx tx, Caller caller, UUID id) {
        return tx.first(LOCK, place(caller, id), row -> row.bytesOrNull("secret_sealed") != null)
                .orElseThrow(() -> unknown(id));
    }

    private static Webhook known(Tx tx, Caller caller, UUID id) {
        return tx.first(LIST, place(caller, id).and("limit", 1), Webhooks::webhook)
                .orElseThrow(() -> unknown(id));
    }

    private static Args place(Caller caller, @Nullable UUID id) {
        return Args.of("org", caller.org()).and("id", id);
    }

    private Args columns(Caller caller, UUID id, NewWebhook asked) {
        String secret = asked.secret();
        return place(caller, id)
                .and("name", asked.name())
                .and("url", asked.url())
                .and("events", PgArray.texts(asked.events()))
                .and("format", asked.format().word())
                .and("secret_given", asked.secretGiven())
                .and("secret", secret == null ? null : rules.seal().close(Due.use(id), secret))
                .and("enabled", asked.enabled())
                .and("now", clock.now());
    }

    private static Refused unknown(UUID id) {
        return Refused.notFound("Webhook not found: " + id);
    }

    private static Webhook webhook(Row row) throws SQLException {
        return new Webhook(
                row.uuid("id"),
                row.text("name"),
                row.text("url"),
                row.texts("events"),
                Format.of(row.text("format")),
                row.bool("enabled"),
                row.bool("has_secret"),
                new Webhook.State(
                        row.integer("failure_count"),
                        row.instantOrNull("last_triggered_at"),
                        row.textOrNull("last_status")),
                row.instant("created_at"),
                row.instant("updated_at"));
    }

    private static Delivery delivery(Row row) throws SQLException {
        return new Delivery(
                row.uuid("id"),
                row.uuid("subscription"),
                row.text("event"),
                row.text("body"),
                row.text("status"),
                row.integer("attempts"),
                new Delivery.Last(
                        row.integerOrNull("status_code"),
                        row.textOrNull("response_body"),
                        row.integerOrNull("response_ms"),
                        row.textOrNull("error")),
                row.instant("created_at"),
                row.instantOrNull("delivered_at"),
                row.instantOrNull("next_at"));
    }
}
