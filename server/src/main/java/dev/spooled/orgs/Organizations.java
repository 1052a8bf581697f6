package dev.spooled.orgs;

import dev.spooled.access.ApiKeys;
import dev.spooled.access.MintedKey;
import dev.spooled.access.NewKey;
import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.Row;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.db.Tx;
import dev.spooled.refusal.Refused;
import dev.spooled.time.Clock;
import java.sql.SQLException;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

/// Makes organizations and their keys. An organization and its first key come in one transaction: there is never one
/// without the other.
public final class Organizations {
    private static final Statements SQL = Statements.beside(Organizations.class, "orgs.sql");
    private static final Sql CREATE = SQL.get("create");
    private static final Sql BY_PUBLIC_ID = SQL.get("by_public_id");
    private static final Sql ANY = SQL.get("any");
    private static final String FIRST_KEY = "Initial Admin Key";

    private final Db db;
    private final Clock clock;
    private final ApiKeys keys;
    private final String defaultTier;

    public Organizations(Db db, Clock clock, ApiKeys keys, String defaultTier) {
        this.db = db;
        this.clock = clock;
        this.keys = keys;
        this.defaultTier = defaultTier;
    }

    /// An organization with the key it starts with.
    public record Created(Organization organization, MintedKey key) {}

    /// Refused as `Conflict` when the slug is taken.
    public Created create(NewOrganization asked) {
        return db.asEngine(tx -> create(tx, asked));
    }

    /// On a first start makes the organization `default` with one key; otherwise nothing.
    public Optional<Created> ensureDefault() {
        return db.asEngine(tx -> {
            boolean any = tx.first(ANY, Args.NONE, row -> true).isPresent();
            return any ? Optional.empty() : insert(tx, NewOrganization.named("Default", "default"));
        });
    }

    /// A further key for an organization.
    public MintedKey addKey(UUID organization, NewKey key) {
        return db.asEngine(tx -> {
            int org = tx.first(BY_PUBLIC_ID, Args.of("public_id", organization), row -> row.integer("id"))
                    .orElseThrow(() -> Refused.notFound("There is no organization " + organization));
            return keys.mint(tx, org, key);
        });
    }

    /// As above, within a transaction of the engine.
    public Created create(Tx tx, NewOrganization asked) {
        return insert(tx, asked).orElseThrow(() -> Refused.conflict("The slug " + asked.slug() + " is already taken"));
    }

    private Optional<Created> insert(Tx tx, NewOrganization asked) {
        return tx.first(CREATE, values(asked), Organizations::organization)
                .map(made -> new Created(made, keys.mint(tx, made.number(), NewKey.forAllQueues(FIRST_KEY))));
    }

    private Args values(NewOrganization asked) {
        return Args.of("public_id", UUID.randomUUID())
                .and("name", asked.name().strip())
                .and("slug", asked.slug())
                .and("plan_tier", Objects.requireNonNullElse(asked.planTier(), defaultTier))
                .and("billing_email", asked.billingEmail())
                .and("settings", Objects.requireNonNullElse(asked.settings(), "{}"))
                .and("custom_limits", asked.customLimits())
                .and("now", clock.now());
    }

    private static Organization organization(Row row) throws SQLException {
        return new Organization(
                row.integer("id"),
                row.uuid("public_id"),
                row.text("name"),
                row.text("slug"),
                row.text("plan_tier"),
                row.textOrNull("billing_email"),
                row.text("settings"),
                row.textOrNull("custom_limits"),
                row.instant("created_at"),
                row.instant("updated_at"));
    }
}
