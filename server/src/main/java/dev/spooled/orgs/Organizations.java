package dev.spooled.orgs;

import dev.spooled.access.ApiKeys;
import dev.spooled.access.Caller;
import dev.spooled.access.MintedKey;
import dev.spooled.access.NewKey;
import dev.spooled.access.Remembered;
import dev.spooled.cells.Residents;
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
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Organizations: made together with their first key in one transaction, changed, and deleted. A deleted one has
/// no keys from that moment on, so nothing of it runs; for seven days the operator can undo it, then its rows go.
public final class Organizations {
    public static final Duration UNDO = Duration.ofDays(7);

    /// Even at once means after whatever was under way has been written.
    private static final Duration AT_ONCE = Duration.ofMinutes(1);

    private static final Statements SQL = Statements.beside(Organizations.class, "orgs.sql");
    private static final Sql CREATE = SQL.get("create");
    private static final Sql BY_PUBLIC_ID = SQL.get("by_public_id");
    private static final Sql ANY = SQL.get("any");
    private static final Sql GET = SQL.get("get");
    private static final Sql GET_LOCKED = SQL.get("get_locked");
    private static final Sql UPDATE = SQL.get("update");
    private static final Sql SLUGS_TAKEN = SQL.get("slugs_taken");
    private static final String FIRST_KEY = "Initial Admin Key";

    private final Db db;
    private final Clock clock;
    private final Parts parts;
    private final String defaultTier;

    /// What belongs to every organization from its start.
    public record Parts(
            ApiKeys keys,
            WebhookTokens tokens,
            Usage usage,
            Remembered remembered,
            Limits limits,
            Residents residents) {
        public Parts(ApiKeys keys, WebhookTokens tokens, Usage usage, Remembered remembered, Limits limits) {
            this(keys, tokens, usage, remembered, limits, Residents.ONE_CELL);
        }
    }

    public Organizations(Db db, Clock clock, Parts parts, String defaultTier) {
        this.db = db;
        this.clock = clock;
        this.parts = parts;
        this.defaultTier = defaultTier;
    }

    /// An organization with the key it starts with.
    public record Created(Organization organization, MintedKey key) {}

    /// Refused as `Conflict` when the slug is taken.
    public Created create(NewOrganization asked) {
        return create(asked, 0);
    }

    /// As above, to live in a cell; for the operator.
    public Created create(NewOrganization asked, int cell) {
        parts.residents.check(cell);
        Created made = db.asEngine(tx -> insert(tx, asked, cell).orElseThrow(() -> taken(asked)));
        tellCell(made.organization());
        return made;
    }

    /// As above, within a transaction of the engine.
    public Created create(Tx tx, NewOrganization asked) {
        return insert(tx, asked, 0).orElseThrow(() -> taken(asked));
    }

    private static Refused taken(NewOrganization asked) {
        return Refused.conflict("The slug " + asked.slug() + " is already taken");
    }

    /// On a first start makes the organization `default` with one key; otherwise nothing.
    public Optional<Created> ensureDefault() {
        return db.asEngine(tx -> {
            boolean any = tx.first(ANY, Args.NONE, row -> true).isPresent();
            return any ? Optional.empty() : insert(tx, NewOrganization.named("Default", "default"), 0);
        });
    }

    /// A further key for an organization.
    public MintedKey addKey(UUID organization, NewKey key) {
        return db.asEngine(tx -> {
            int org = tx.first(BY_PUBLIC_ID, Args.of("public_id", organization), row -> row.integer("id"))
                    .orElseThrow(() -> unknown(organization));
            return parts.keys.mint(tx, org, key);
        });
    }

    /// The caller's own, which is the only one it has.
    public Organization own(Caller caller) {
        return db.readInOrg(caller.org(), GET, Args.of("public_id", caller.organization()), Organizations::organization)
                .getFirst();
    }

    /// Refused as `NotFound` for any other than the caller's own.
    Organization own(Caller caller, UUID id) {
        checkOwn(caller, id);
        return own(caller);
    }

    static void checkOwn(Caller caller, UUID id) {
        if (!caller.organization().equals(id)) {
            throw unknown(id);
        }
    }

    /// Any, deleted ones among them; for the operator.
    public Organization any(UUID id) {
        return db.readAsEngine(GET, Args.of("public_id", id), Organizations::organization).stream()
                .findFirst()
                .orElseThrow(() -> unknown(id));
    }

    Organization update(Caller caller, UUID id, OrganizationChange change) {
        checkOwn(caller, id);
        caller.checkUnrestricted();
        return announced(db.inOrg(caller.org(), tx -> change(tx, id, change)));
    }

    /// Any; for the operator, who may also delete it and undo that by `active`.
    public Organization update(UUID id, OrganizationChange change) {
        return announced(db.asEngine(tx -> change(tx, id, change)));
    }

    /// Refused as `Conflict` while the organization is in use.
    void delete(Caller caller, UUID id) {
        checkOwn(caller, id);
        caller.checkUnrestricted();
        Usage.Figures used = parts.usage.of(caller.org());
        for (Resource resource : List.of(Resource.ACTIVE_JOBS, Resource.WORKERS, Resource.SCHEDULES)) {
            if (used.of(resource) > 0) {
                throw Refused.conflict("The organization still has " + used.of(resource) + " " + resource.usage());
            }
        }
        Instant now = clock.now();
        announced(db.inOrg(caller.org(), tx -> save(tx, locked(tx, id), now, now.plus(UNDO))));
    }

    /// In use or not; for the operator. With `hard` it cannot be undone.
    public void delete(UUID id, boolean hard) {
        Instant now = clock.now();
        announced(db.asEngine(tx -> save(tx, locked(tx, id), now, now.plus(hard ? AT_ONCE : UNDO))));
    }

    /// Those of the slugs that some organization has, a deleted one among them.
    Set<String> taken(Collection<String> slugs) {
        Args args = Args.of("slugs", PgArray.texts(slugs));
        return new HashSet<>(db.readAsEngine(SLUGS_TAKEN, args, row -> row.text("slug")));
    }

    private Optional<Created> insert(Tx tx, NewOrganization asked, int cell) {
        return tx.first(CREATE, values(asked).and("home", cell), Organizations::organization)
                .map(made -> {
                    parts.tokens.mint(tx, made.number());
                    parts.limits.apply(tx, made);
                    return new Created(made, parts.keys.mint(tx, made.number(), NewKey.forAllQueues(FIRST_KEY)));
                });
    }

    private Organization change(Tx tx, UUID id, OrganizationChange change) {
        Organization before = locked(tx, id);
        Organization after = changed(before, change);
        NewOrganization.check(after);
        boolean active = Objects.requireNonNullElse(change.active(), before.isActive());
        Instant deletedAt = active ? null : Objects.requireNonNullElse(before.deletedAt(), clock.now());
        Instant purgeAt = deletedAt == null ? null : deletedAt.plus(UNDO);
        Organization saved = save(tx, after, change.extra(), deletedAt, purgeAt);
        if (!saved.planTier().equals(before.planTier())
                || !Objects.equals(saved.customLimits(), before.customLimits())) {
            parts.limits.apply(tx, saved);
        }
        return saved;
    }

    private static Organization changed(Organization was, OrganizationChange change) {
        Organization.Stripe paid = was.stripe();
        return new Organization(
                was.number(),
                was.id(),
                was.cell(),
                change.name() == null ? was.name() : change.name().strip(),
                was.slug(),
                Objects.requireNonNullElse(change.planTier(), was.planTier()),
                change.billingEmail().or(was.billingEmail()),
                Objects.requireNonNullElse(change.settings(), was.settings()),
                emptyAsNull(change.customLimits().or(was.customLimits())),
                Objects.requireNonNullElse(change.strictLeases(), was.strictLeases()),
                new Organization.Stripe(
                        change.stripe().customer().or(paid.customer()),
                        change.stripe().subscription().or(paid.subscription()),
                        change.stripe().status().or(paid.status()),
                        paid.periodEnd(),
                        paid.cancelAtPeriodEnd()),
                was.createdAt(),
                was.updatedAt(),
                was.deletedAt());
    }

    private static @Nullable String emptyAsNull(@Nullable String limits) {
        return limits == null || limits.equals("{}") ? null : limits;
    }

    private Organization locked(Tx tx, UUID id) {
        return tx.first(GET_LOCKED, Args.of("public_id", id), Organizations::organization)
                .orElseThrow(() -> unknown(id));
    }

    private Organization save(Tx tx, Organization organization, Instant deletedAt, Instant purgeAt) {
        return save(tx, organization, null, deletedAt, purgeAt);
    }

    private Organization save(
            Tx tx,
            Organization organization,
            @Nullable String extra,
            @Nullable Instant deletedAt,
            @Nullable Instant purgeAt) {
        Args args = Args.of("org", organization.number())
                .and("name", organization.name())
                .and("plan_tier", organization.planTier())
                .and("billing_email", organization.billingEmail())
                .and("settings", organization.settings())
                .and("extra", extra)
                .and("custom_limits", organization.customLimits())
                .and("strict_leases", organization.strictLeases())
                .and("stripe_customer", organization.stripe().customer())
                .and("stripe_subscription", organization.stripe().subscription())
                .and("stripe_status", organization.stripe().status())
                .and("deleted_at", deletedAt)
                .and("purge_at", purgeAt)
                .and("now", clock.now());
        return tx.first(UPDATE, args, Organizations::organization).orElseThrow();
    }

    /// Makes a committed change hold for the callers remembered on this server.
    private Organization announced(Organization changed) {
        parts.remembered.forget(changed.id());
        parts.limits.forget(changed.number());
        tellCell(changed);
        if (changed.isActive()) {
            parts.remembered.forgetUnknown();
        }
        return changed;
    }

    /// A further cell holds its organizations to their plans by what it knows of them itself.
    private void tellCell(Organization changed) {
        parts.residents.changed(changed.number(), changed.cell()).ifPresent(home -> parts.limits.apply(home, changed));
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

    private static Refused unknown(UUID id) {
        return Refused.notFound("There is no organization " + id);
    }

    /// Reads the columns that every statement on organizations returns.
    public static Organization organization(Row row) throws SQLException {
        return new Organization(
                row.integer("id"),
                row.uuid("public_id"),
                row.integer("cell"),
                row.text("name"),
                row.text("slug"),
                row.text("plan_tier"),
                row.textOrNull("billing_email"),
                row.text("settings"),
                row.textOrNull("custom_limits"),
                row.bool("strict_leases"),
                new Organization.Stripe(
                        row.textOrNull("stripe_customer_id"),
                        row.textOrNull("stripe_subscription_id"),
                        row.textOrNull("stripe_subscription_status"),
                        row.instantOrNull("stripe_current_period_end"),
                        row.boolOrNull("stripe_cancel_at_period_end")),
                row.instant("created_at"),
                row.instant("updated_at"),
                row.instantOrNull("deleted_at"));
    }
}
