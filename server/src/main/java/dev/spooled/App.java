package dev.spooled;

import dev.spooled.access.AdminKey;
import dev.spooled.access.ApiKeys;
import dev.spooled.access.ApiKeysHttp;
import dev.spooled.access.Authenticate;
import dev.spooled.access.OwnKeys;
import dev.spooled.access.WideGate;
import dev.spooled.config.Config;
import dev.spooled.db.DatabaseUrl;
import dev.spooled.db.DbAddress;
import dev.spooled.db.EmbeddedPostgres;
import dev.spooled.db.PostgresCheck;
import dev.spooled.engine.Barrier;
import dev.spooled.engine.Cell;
import dev.spooled.engine.Lane;
import dev.spooled.health.DatabaseProbe;
import dev.spooled.health.HealthHttp;
import dev.spooled.jobs.ClaimedJobs;
import dev.spooled.jobs.DeadLetters;
import dev.spooled.jobs.DeadLettersHttp;
import dev.spooled.jobs.Diagnosis;
import dev.spooled.jobs.JobLimits;
import dev.spooled.jobs.JobLists;
import dev.spooled.jobs.JobListsHttp;
import dev.spooled.jobs.JobReads;
import dev.spooled.jobs.JobStats;
import dev.spooled.jobs.Jobs;
import dev.spooled.jobs.JobsHttp;
import dev.spooled.jobs.Progress;
import dev.spooled.metrics.Metrics;
import dev.spooled.metrics.MetricsHttp;
import dev.spooled.orgs.Organizations;
import dev.spooled.orgs.OrgsHttp;
import dev.spooled.orgs.Queues;
import dev.spooled.orgs.Registration;
import dev.spooled.queues.QueueFigures;
import dev.spooled.queues.QueueSettings;
import dev.spooled.queues.QueuesHttp;
import dev.spooled.schedules.FireSchedules;
import dev.spooled.schedules.FollowZones;
import dev.spooled.schedules.Schedules;
import dev.spooled.schedules.SchedulesHttp;
import dev.spooled.upkeep.Upkeep;
import dev.spooled.web.Door;
import dev.spooled.web.OpenApi;
import dev.spooled.web.Web;
import dev.spooled.workers.SilentWorkers;
import dev.spooled.workers.Workers;
import dev.spooled.workers.WorkersHttp;
import dev.spooled.workflows.Dependencies;
import dev.spooled.workflows.DependenciesHttp;
import dev.spooled.workflows.Workflows;
import dev.spooled.workflows.WorkflowsHttp;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The composition root: every part of the server is made here, in the order it starts, and closed in reverse. Reads as
/// the table of contents.
public final class App implements AutoCloseable {
    static final String VERSION = version();
    private static final int CONNECTIONS_MAX = 20_000;
    private static final int CELL = 0;

    private final Config config;
    private final @Nullable EmbeddedPostgres embedded;
    private final Cell cell;
    private final Metrics metrics = new Metrics();
    private final ApiKeys keys;
    private final Organizations organizations;
    private final Queues queues;
    private final Jobs jobs;
    private final Web web;
    private final Upkeep upkeep;
    private volatile boolean serving;

    /// Starts the database and everything on it, but no door yet.
    public App(Config config) {
        this.config = config;
        embedded = embedded(config);
        try {
            cell = Cell.open(database(), config.storage().connections(), VERSION, way());
        } catch (RuntimeException e) {
            closeDatabase();
            throw e;
        }
        keys = new ApiKeys(cell.db(), cell.clock());
        organizations =
                new Organizations(cell.db(), cell.clock(), keys, config.plans().byDefault());
        queues = queues();
        jobs = jobs(new JobReads(cell.db()), new Diagnosis(cell.db(), cell.clock()));
        web = new Web(
                options(),
                doors(),
                List.of(new MetricsHttp(metrics, config.access().metricsToken())),
                metrics);
        upkeep = new Upkeep(List.of(
                new SilentWorkers(cell.db(), cell.clock(), CELL),
                new FireSchedules(cell.db(), cell.clock(), cell.lane(), jobs, CELL),
                new FollowZones(cell.db(), cell.clock(), CELL)));
    }

    // ---- database

    private static @Nullable EmbeddedPostgres embedded(Config config) {
        return config.storage().databaseUrl() == null
                ? EmbeddedPostgres.start(config.storage().dataDirectory(), line -> System.out.println("  " + line))
                : null;
    }

    private DbAddress database() {
        if (embedded != null) {
            return embedded.address();
        }
        DbAddress address = DatabaseUrl.parse(String.valueOf(config.storage().databaseUrl()));
        PostgresCheck.check(address);
        return address;
    }

    private Lane.Way way() {
        return Lane.Way.valueOf(config.storage().lane().name());
    }

    // ---- doors

    private List<Door> doors() {
        var health = new HealthHttp(() -> serving && cell.isReady(), new DatabaseProbe(cell.db()));
        var authenticate = new Authenticate(keys, new WideGate(cell.clock()));
        var reads = new JobReads(cell.db());
        var lists = new JobLists(cell.db());
        var diagnosis = new Diagnosis(cell.db(), cell.clock());
        return List.of(
                health,
                new MetricsHttp(metrics, config.access().metricsToken()),
                new OpenApi(),
                new OrgsHttp(organizations, new AdminKey(config.access().adminApiKey()), registration()),
                new ApiKeysHttp(new OwnKeys(cell.db(), cell.clock(), keys), authenticate),
                new DeadLettersHttp(new DeadLetters(cell.lane(), lists, reads), cell.clock(), authenticate),
                new JobListsHttp(lists, new JobStats(cell.db()), reads, authenticate),
                new JobsHttp(jobs, new Progress(cell.db(), cell.clock(), reads, diagnosis), authenticate),
                new SchedulesHttp(new Schedules(cell.db(), cell.clock(), cell.lane(), jobs), authenticate),
                new WorkflowsHttp(new Workflows(cell.db(), cell.lane(), jobs, reads), authenticate),
                new DependenciesHttp(new Dependencies(cell.db(), cell.lane(), reads), authenticate),
                queuesHttp(authenticate),
                new WorkersHttp(new Workers(cell.db(), cell.clock()), rhythm(), authenticate));
    }

    private Queues queues() {
        Config.Jobs defaults = config.jobs();
        return new Queues(cell.db(), cell.clock(), new Queues.Defaults((short) defaults.maxRetries(), (int)
                defaults.timeout().toSeconds()));
    }

    private QueuesHttp queuesHttp(Authenticate authenticate) {
        var settings = new QueueSettings(cell.db(), cell.clock(), queues, cell.lane(), new Barrier(cell.db(), CELL));
        return new QueuesHttp(settings, new QueueFigures(cell.db(), cell.clock(), queues), authenticate);
    }

    private WorkersHttp.Rhythm rhythm() {
        return new WorkersHttp.Rhythm(config.jobs().lease(), config.jobs().heartbeat());
    }

    private Jobs jobs(JobReads reads, Diagnosis diagnosis) {
        var views = new Jobs.Views(reads, new ClaimedJobs(cell.db()), diagnosis);
        return new Jobs(cell.lane(), queues, views, new Jobs.Rules(cell.clock(), JobLimits.STANDARD), metrics);
    }

    private Registration registration() {
        return Registration.valueOf(config.access().registration().name());
    }

    private Web.Options options() {
        Config.Listen listen = config.listen();
        return new Web.Options(
                listen.host(),
                listen.port(),
                new Web.Address(listen.host(), listen.metricsPort()),
                CONNECTIONS_MAX,
                config.drain(),
                Set.copyOf(config.web().corsOrigins()),
                false,
                config.web().hsts());
    }

    // ---- life

    /// Opens the doors, then says where they are.
    public App start() {
        var firstKey = new FirstKey(config.storage().dataDirectory());
        var made = organizations.ensureDefault();
        made.ifPresent(first -> firstKey.keep(first.key().key()));
        web.start();
        serving = true;
        System.out.println(Greeting.of(config, web, firstKey, made.isPresent()));
        return this;
    }

    public Cell cell() {
        return cell;
    }

    public int port() {
        return web.port();
    }

    /// Drains: waiting claims are answered, running requests finish, the lane writes what it took, then all stops.
    @Override
    public void close() {
        serving = false;
        cell.lane().stopParking();
        web.close();
        upkeep.close();
        cell.close();
        metrics.close();
        closeDatabase();
    }

    private void closeDatabase() {
        if (embedded != null) {
            embedded.close();
        }
    }

    private static String version() {
        String packaged = App.class.getPackage().getImplementationVersion();
        return packaged == null ? "development" : packaged;
    }
}
