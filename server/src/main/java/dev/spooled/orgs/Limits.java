package dev.spooled.orgs;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.spooled.access.KeyCap;
import dev.spooled.bus.Bus;
import dev.spooled.bus.Message.Changed;
import dev.spooled.bus.Message.What;
import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.DbFault;
import dev.spooled.db.PgArray;
import dev.spooled.db.Row;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.db.Tx;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import dev.spooled.time.Clock;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/// Holds organizations to their plans. What is made in a transaction of its own asks `oneMore` in it; jobs and
/// workflows are made by the lane, which finds their caps in `usage`, kept here. Sizes and rates go by what is
/// remembered for some seconds. Safe for any number of threads.
public final class Limits implements KeyCap {
    private static final Statements SQL = Statements.beside(Limits.class, "limits.sql");
    private static final Sql PLAN = SQL.get("plan");
    private static final Sql HOLD_OFF = SQL.get("hold_off");
    private static final Map<Resource, Sql> COUNTS = Map.of(
            Resource.QUEUES, SQL.get("count_queues"),
            Resource.WORKERS, SQL.get("count_workers"),
            Resource.API_KEYS, SQL.get("count_api_keys"),
            Resource.SCHEDULES, SQL.get("count_schedules"),
            Resource.WEBHOOKS, SQL.get("count_webhooks"));
    private static final Sql PAGE = SQL.get("page");
    private static final Sql UNCAP = SQL.get("uncap");
    private static final Sql WITHOUT_USAGE = SQL.get("without_usage");
    private static final Sql CAP = SQL.get("cap");

    private static final Set<Resource> OF_THE_LANE =
            Set.of(Resource.JOBS_PER_DAY, Resource.ACTIVE_JOBS, Resource.WORKFLOWS);
    private static final Duration REMEMBERED = Duration.ofSeconds(4);
    private static final int MAX_REMEMBERED = 100_000;
    private static final int PAGE_SIZE = 500;

    private final Db db;
    private final Clock clock;
    private final Plans plans;
    private final Usage usage;
    private final Cache<Integer, PlanLimits> known = Caffeine.newBuilder()
            .maximumSize(MAX_REMEMBERED)
            .expireAfterWrite(REMEMBERED)
            .build();

    private volatile Bus bus = Bus.ALONE;

    public Limits(Db db, Clock clock, Plans plans, Usage usage) {
        this.db = db;
        this.clock = clock;
        this.plans = plans;
        this.usage = usage;
    }

    /// An organization's limits as they were within the last seconds.
    public PlanLimits of(int org) {
        return known.get(org, it -> db.asEngine(tx -> read(tx, it)));
    }

    /// The live connections it may have; those of the server when that cannot be read now.
    public ConnectionLimits connections(int org) {
        try {
            return of(org).connections();
        } catch (DbFault e) {
            return ConnectionLimits.NONE;
        }
    }

    /// From when on its ended jobs are kept: those that ended before are gone for whoever asks, if not yet in fact.
    public Instant jobsSince(int org) {
        return daysAgo(org, PlanLimits::jobDays);
    }

    /// The same for history: attempts, runs of schedules, webhooks that came in.
    public Instant historySince(int org) {
        return daysAgo(org, PlanLimits::historyDays);
    }

    private Instant daysAgo(int org, ToIntFunction<PlanLimits> days) {
        return clock.now().minus(Duration.ofDays(days.applyAsInt(of(org))));
    }

    /// Lets the transaction make or switch on one more of that kind, or refuses it as `LimitReached`. Holds off
    /// everybody else of the organization who asks the same, until the transaction ends.
    public void oneMore(Tx tx, int org, Resource resource) {
        oneMore(tx, org, resource, () -> false);
    }

    /// As above, but free when it turns out to be `there` already, asked once nobody else can be making it.
    public void oneMore(Tx tx, int org, Resource resource, BooleanSupplier there) {
        PlanLimits limits = read(tx, org);
        Integer cap = limits.cap(resource);
        if (cap == null) {
            return;
        }
        var unused = tx.list(HOLD_OFF, Args.of("org", org), row -> true);
        if (there.getAsBoolean()) {
            return;
        }
        int used = count(tx, org, resource);
        if (used >= cap) {
            throw new Refused(
                    Refusal.LimitReached.of(resource.word(), used, cap, limits.tier(), plans.after(limits.tier())));
        }
    }

    @Override
    public void oneMoreKey(Tx tx, int org) {
        oneMore(tx, org, Resource.API_KEYS);
    }

    private int count(Tx tx, int org, Resource resource) {
        Sql sql = COUNTS.get(resource);
        if (sql == null) {
            throw new IllegalArgumentException(resource + " are counted by the lane");
        }
        var now = clock.now();
        Args args = Args.of("org", org).and("now", now).and("silent_since", now.minus(Usage.SILENCE));
        return tx.first(sql, args, row -> row.integer("n")).orElseThrow();
    }

    private PlanLimits read(Tx tx, int org) {
        return tx.first(
                        PLAN,
                        Args.of("org", org),
                        row -> limits(row.text("plan_tier"), row.textOrNull("custom_limits")))
                .orElseGet(() -> plans.of("free", null));
    }

    private PlanLimits limits(String tier, @Nullable String custom) {
        return plans.of(tier, custom);
    }

    // ---- the caps that the lane enforces

    /// Makes an organization's caps known to the lanes of all nodes, from the commit of this transaction of the engine
    /// on.
    void apply(Tx tx, Organization organization) {
        if (organization.cell() != 0) {
            return; // Its own cell hears of it after the commit.
        }
        applyHere(tx, organization);
    }

    /// The same in the further cell where the organization lives.
    void apply(Db home, Organization organization) {
        var done = home.asEngine(tx -> {
            applyHere(tx, organization);
            return true;
        });
        assert done;
    }

    private void applyHere(Tx tx, Organization organization) {
        int unused = apply(
                tx,
                List.of(new Capped(
                        organization.number(), limits(organization.planTier(), organization.customLimits()))));
    }

    /// A committed change of its plan holds here at once.
    void forget(int org) {
        known.invalidate(org);
        bus.publish(new Changed(What.PLAN, org, ""));
    }

    /// Has changes of plans tell the other nodes, and hears of theirs.
    public void shareOver(Bus bus) {
        bus.subscribe(Changed.class, new Bus.Subscriber<>() {
            @Override
            public void heard(Changed change) {
                if (change.what() == What.PLAN) {
                    known.invalidate(change.org());
                }
            }

            @Override
            public void missed() {
                known.invalidateAll();
            }
        });
        this.bus = bus;
    }

    /// Brings the caps of all organizations up to the plans of this server: they may have been others when it last ran.
    public void applyAll() {
        applyAll(db);
    }

    /// The same for the organizations of one cell.
    public void applyAll(Db home) {
        pages(
                after -> home.asEngine(tx -> {
                    List<Capped> page = page(tx, after);
                    int unused = apply(tx, page);
                    return page;
                }),
                page -> {});
    }

    /// All organizations of a cell with what their plans allow now.
    void forEach(Db home, BiConsumer<Integer, PlanLimits> work) {
        pages(
                after -> home.asEngine(tx -> page(tx, after)),
                page -> page.forEach(each -> work.accept(each.org(), each.limits())));
    }

    private static void pages(IntFunction<List<Capped>> next, Consumer<List<Capped>> work) {
        int after = -1;
        while (true) {
            List<Capped> page = next.apply(after);
            work.accept(page);
            if (page.size() < PAGE_SIZE) {
                return;
            }
            after = page.getLast().org();
        }
    }

    private record Capped(int org, PlanLimits limits) {
        boolean isCapped() {
            return OF_THE_LANE.stream().anyMatch(resource -> limits.cap(resource) != null);
        }
    }

    private List<Capped> page(Tx tx, int after) {
        Args args = Args.of("after", after).and("limit", PAGE_SIZE);
        return tx.list(PAGE, args, this::capped);
    }

    private Capped capped(Row row) throws SQLException {
        return new Capped(row.integer("id"), limits(row.text("plan_tier"), row.textOrNull("custom_limits")));
    }

    private int apply(Tx tx, List<Capped> all) {
        List<Capped> capped = all.stream().filter(Capped::isCapped).toList();
        PgArray free = PgArray.ints();
        all.stream().filter(it -> !it.isCapped()).forEach(it -> free.add(it.org()));
        int changed = free.size() == 0 ? 0 : tx.run(UNCAP, Args.of("orgs", free));
        return capped.isEmpty() ? changed : changed + tx.run(CAP, caps(tx, capped));
    }

    private Args caps(Tx tx, List<Capped> capped) {
        Map<Integer, Usage.Figures> figures = usage.of(tx, withoutUsage(tx, capped));
        PgArray orgs = PgArray.ints();
        PgArray todays = PgArray.ints();
        PgArray maxTodays = PgArray.ints();
        PgArray maxActives = PgArray.ints();
        PgArray maxWorkflows = PgArray.ints();
        PgArray tiers = PgArray.texts();
        PgArray upgrades = PgArray.texts();
        for (Capped each : capped) {
            Usage.Figures used = figures.get(each.org());
            orgs.add(each.org());
            todays.add(used == null ? 0 : (int) Math.min(Integer.MAX_VALUE, used.of(Resource.JOBS_PER_DAY)));
            maxTodays.addOrNull(each.limits().cap(Resource.JOBS_PER_DAY));
            maxActives.addOrNull(each.limits().cap(Resource.ACTIVE_JOBS));
            maxWorkflows.addOrNull(each.limits().cap(Resource.WORKFLOWS));
            tiers.add(each.limits().tier());
            upgrades.add(plans.after(each.limits().tier()));
        }
        return Args.of("day", (int)
                        Math.floorDiv(clock.nowMillis(), Duration.ofDays(1).toMillis()))
                .and("orgs", orgs)
                .and("todays", todays)
                .and("max_todays", maxTodays)
                .and("max_actives", maxActives)
                .and("max_workflows", maxWorkflows)
                .and("plans", tiers)
                .and("upgrades", upgrades);
    }

    private List<Integer> withoutUsage(Tx tx, List<Capped> capped) {
        PgArray orgs = PgArray.ints();
        capped.forEach(it -> orgs.add(it.org()));
        Args args = Args.of("orgs", orgs);
        return new ArrayList<>(tx.list(WITHOUT_USAGE, args, row -> row.integer("org")));
    }
}
