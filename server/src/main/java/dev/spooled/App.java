package dev.spooled;

import dev.spooled.access.AdminKey;
import dev.spooled.access.ApiKeys;
import dev.spooled.access.ApiKeysHttp;
import dev.spooled.access.Authenticate;
import dev.spooled.access.Credentials;
import dev.spooled.access.OwnKeys;
import dev.spooled.access.RateGate;
import dev.spooled.access.Remembered;
import dev.spooled.access.Seal;
import dev.spooled.access.Sessions;
import dev.spooled.access.SessionsHttp;
import dev.spooled.access.SigningKeys;
import dev.spooled.access.SpentTokens;
import dev.spooled.admin.AdminHttp;
import dev.spooled.admin.DeletedOrganizations;
import dev.spooled.admin.OrganizationList;
import dev.spooled.admin.ServerStats;
import dev.spooled.admin.ServerStatsHttp;
import dev.spooled.announce.Announcer;
import dev.spooled.audit.AuditHttp;
import dev.spooled.audit.AuditLog;
import dev.spooled.billing.BillingHttp;
import dev.spooled.bus.Bus;
import dev.spooled.bus.NodeBus;
import dev.spooled.bus.NotifyLink;
import dev.spooled.bus.RedisLink;
import dev.spooled.cells.Cells;
import dev.spooled.config.CannotStart;
import dev.spooled.config.Config;
import dev.spooled.config.KeptSecret;
import dev.spooled.dashboard.Dashboard;
import dev.spooled.dashboard.DashboardHttp;
import dev.spooled.dashboard.OwnMetricsHttp;
import dev.spooled.db.DatabaseUrl;
import dev.spooled.db.DbAddress;
import dev.spooled.db.EmbeddedPostgres;
import dev.spooled.db.Homes;
import dev.spooled.db.PostgresCheck;
import dev.spooled.engine.Cell;
import dev.spooled.engine.Lane;
import dev.spooled.engine.Lanes;
import dev.spooled.grpc.CredentialAdmission;
import dev.spooled.grpc.GrpcServer;
import dev.spooled.grpc.HealthReport;
import dev.spooled.health.HealthHttp;
import dev.spooled.ingestion.IncomingLog;
import dev.spooled.ingestion.IncomingWebhooksHttp;
import dev.spooled.ingestion.Ingestion;
import dev.spooled.ingestion.IngestionHttp;
import dev.spooled.ingestion.ProviderSecrets;
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
import dev.spooled.live.Hub;
import dev.spooled.live.LiveHttp;
import dev.spooled.live.Rhythm;
import dev.spooled.live.SocketHttp;
import dev.spooled.login.EmailLogin;
import dev.spooled.login.EmailLoginHttp;
import dev.spooled.mail.LoggedPostbox;
import dev.spooled.mail.Postbox;
import dev.spooled.mail.SmtpPostbox;
import dev.spooled.metrics.Metrics;
import dev.spooled.metrics.MetricsHttp;
import dev.spooled.orgs.Limits;
import dev.spooled.orgs.Members;
import dev.spooled.orgs.MembersHttp;
import dev.spooled.orgs.Organizations;
import dev.spooled.orgs.OrgsHttp;
import dev.spooled.orgs.Plans;
import dev.spooled.orgs.Queues;
import dev.spooled.orgs.RateLimits;
import dev.spooled.orgs.Registration;
import dev.spooled.orgs.Resource;
import dev.spooled.orgs.SharedBuckets;
import dev.spooled.orgs.ShorterRetention;
import dev.spooled.orgs.SlugsHttp;
import dev.spooled.orgs.Usage;
import dev.spooled.orgs.WebhookTokens;
import dev.spooled.orgs.WebhookTokensHttp;
import dev.spooled.queues.QueueFigures;
import dev.spooled.queues.QueueSettings;
import dev.spooled.queues.QueuesHttp;
import dev.spooled.redis.Redis;
import dev.spooled.refusal.Refused;
import dev.spooled.schedules.FireSchedules;
import dev.spooled.schedules.FollowZones;
import dev.spooled.schedules.Schedules;
import dev.spooled.schedules.SchedulesHttp;
import dev.spooled.upkeep.Chore;
import dev.spooled.upkeep.Upkeep;
import dev.spooled.web.Door;
import dev.spooled.web.OpenApi;
import dev.spooled.web.TrustedProxies;
import dev.spooled.web.Web;
import dev.spooled.webhooks.OutgoingWebhooks;
import dev.spooled.webhooks.WebhooksHttp;
import dev.spooled.workers.SilentWorkers;
import dev.spooled.workers.Workers;
import dev.spooled.workers.WorkersHttp;
import dev.spooled.workflows.Dependencies;
import dev.spooled.workflows.DependenciesHttp;
import dev.spooled.workflows.Workflows;
import dev.spooled.workflows.WorkflowsHttp;
import java.net.InetAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The composition root: every part of the server is made here, in the order it starts, and closed in reverse. Reads as
/// the table of contents.
public final class App implements AutoCloseable {
    static final String VERSION = version();
    private static final int CONNECTIONS_MAX = 20_000;

    private final Config config;
    private final GrpcServer.Options grpcOptions;
    private final @Nullable EmbeddedPostgres embedded;
    private final UUID node = UUID.randomUUID();
    private final Cell cell;
    private final Cells cells;
    private final Homes homes;
    private final Lanes lanes;
    private final Metrics metrics = new Metrics();
    private final @Nullable Redis redis;
    private final Bus bus;
    private final Remembered remembered = new Remembered();
    private final SigningKeys signing;
    private final Seal seal;
    private final ApiKeys keys;
    private final Sessions sessions;
    private final Credentials credentials;
    private final RateGate rate;
    private final OwnKeys ownKeys;
    private final WebhookTokens tokens;
    private final Usage usage;
    private final Organizations organizations;
    private final Plans plans;
    private final Limits limits;
    private final AuditLog audit;
    private final AdminKey admin;
    private final Jobs jobs;
    private final Hub hub;
    private final Announcer announcer;
    private final Queues queues;
    private final Map<Integer, CellWork> works = new ConcurrentHashMap<>();
    private final Web web;
    private final GrpcServer grpc;
    private final Upkeep upkeep;
    private volatile boolean serving;

    /// Starts the database and everything on it, but no door yet.
    public App(Config config) {
        this.config = config;
        grpcOptions = grpcOptions(config);
        embedded = embedded(config);
        try {
            signing = new SigningKeys(
                    secret(config.login().jwtSecret(), "jwt.secret"),
                    config.login().previousJwtSecret());
            seal = new Seal(secret(config.login().secretKey(), "secret.key"));
            DbAddress database = database();
            redis = redis(config);
            cell = Cell.open(database, cellOptions());
            bus = bus(database);
            cells = cells(database);
        } catch (RuntimeException e) {
            closeDatabase();
            throw e;
        }
        homes = cells.homes();
        lanes = cells.lanes();
        cell.shareOver(bus);
        remembered.shareOver(bus);
        keys = new ApiKeys(cell.db(), cell.clock(), remembered);
        tokens = new WebhookTokens(cell.db(), cell.clock(), seal);
        usage = new Usage(cell.db(), homes, cell.clock());
        plans = new Plans(config.plans().limits() == Config.PlanLimits.UNLIMITED);
        limits = new Limits(cell.db(), cell.clock(), plans, usage);
        limits.shareOver(bus);
        ownKeys = new OwnKeys(cell.db(), cell.clock(), keys, limits);
        organizations = new Organizations(
                cell.db(),
                cell.clock(),
                new Organizations.Parts(keys, tokens, usage, remembered, limits, cells),
                config.plans().byDefault());
        audit = new AuditLog(cell.db(), cell.clock());
        admin = new AdminKey(config.access().adminApiKey(), audit);
        rate = new RateLimits(cell.clock(), limits, cell::nodes, sharedBuckets());
        sessions = new Sessions(
                cell.db(), cell.clock(), signing, remembered, config.login().tokenLife());
        credentials = new Credentials(keys, sessions);
        queues = queues();
        queues.shareOver(bus);
        jobs = jobs();
        hub = hub();
        announcer =
                hub.andThen(() -> works.values().forEach(work -> work.webhooks().eventsMayWait()));
        web = new Web(
                options(),
                doors(),
                List.of(new MetricsHttp(metrics, config.access().metricsToken())),
                metrics);
        grpc = grpc();
        metrics.registry().gauge("spooled.grpc.streams", grpc, GrpcServer::openStreams);
        upkeep = new Upkeep(List.of(new HealthReport(grpc), new SpentTokens(cell.db(), cell.clock())));
        cells.start(bus, this::work);
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

    private static @Nullable Redis redis(Config config) {
        String url = config.nodes().redisUrl();
        try {
            return url == null ? null : new Redis(url);
        } catch (IllegalArgumentException e) {
            throw new CannotStart("REDIS_URL is no address: expected redis://user:password@host:port or rediss://");
        }
    }

    private @Nullable SharedBuckets sharedBuckets() {
        return redis == null
                ? null
                : new SharedBuckets(redis, inRedis(), config.nodes().redisPatience());
    }

    /// What this installation's names in Redis begin with.
    private String inRedis() {
        return "spooled:" + cell.installation();
    }

    /// A node on its own embedded database is taken to be alone.
    private Bus bus(DbAddress database) {
        if (redis != null) {
            return new NodeBus(cell.node(), new RedisLink(redis, inRedis()), cell::isAlone)
                    .meteredBy(metrics.registry());
        }
        return embedded == null
                ? new NodeBus(cell.node(), new NotifyLink(database), cell::isAlone).meteredBy(metrics.registry())
                : Bus.ALONE;
    }

    private Lane.Way way() {
        return Lane.Way.valueOf(config.storage().lane().name());
    }

    // ---- cells

    private Cell.Options cellOptions() {
        boolean several = !config.storage().cells().isEmpty();
        return new Cell.Options(node, config.storage().connections(), VERSION, way(), several);
    }

    private Cells cells(DbAddress directory) {
        return new Cells(
                cell,
                directory,
                Cells.addresses(config.storage().cells()),
                (number, address, first) -> Cell.open(number, address, cellOptions(), first));
    }

    /// What is done once per cell, from when it is open.
    private void work(Cell opened) {
        var db = opened.db();
        var webhooks = webhooks(opened);
        var chores = new ArrayList<Chore>(webhooks.chores());
        chores.add(new SilentWorkers(db, opened.clock(), opened.number(), announcer));
        chores.add(new FireSchedules(db, opened.clock(), opened.lane(), jobs, opened.number(), announcer));
        chores.add(new FollowZones(db, opened.clock(), opened.number()));
        chores.add(new ShorterRetention(db, opened.clock(), limits, opened.number()));
        chores.add(new DeletedOrganizations(db, opened.clock(), opened.lane(), audit, opened.number()));
        opened.lane().watch(hub);
        if (opened.number() > 0) {
            limits.applyAll(db);
        }
        works.put(opened.number(), CellWork.of(opened, webhooks, chores));
    }

    private OutgoingWebhooks webhooksOf(int org) {
        CellWork work = works.get(cells.of(org).number());
        if (work == null) {
            throw Refused.unavailable("The cell of the organization is being opened");
        }
        return work.webhooks();
    }

    // ---- doors

    private List<Door> doors() {
        var authenticate = new Authenticate(credentials, rate, audit);
        // A request is compared with one route after the other: the busiest come first.
        var doors = new ArrayList<Door>(jobDoors(authenticate));
        doors.add(
                new HealthHttp(() -> serving && cell.isReady(), cell.db()::isAnswering, this::isTogether, cells::away));
        doors.add(new MetricsHttp(metrics, config.access().metricsToken()));
        doors.add(new OpenApi());
        doors.add(new SessionsHttp(sessions, credentials, ownKeys, authenticate, cell.clock()));
        doors.addAll(organizationDoors(authenticate));
        doors.addAll(operatorDoors());
        doors.addAll(webhookDoors(authenticate));
        doors.add(new AuditHttp(audit, authenticate, admin));
        return doors;
    }

    private boolean isTogether() {
        return bus.state() == Bus.State.OK;
    }

    private List<Door> organizationDoors(Authenticate authenticate) {
        var members = new Members(cell.db(), cell.clock(), ownKeys, remembered);
        var login = new EmailLogin(
                cell.db(),
                cell.clock(),
                new EmailLogin.Keys(signing, seal, sessions),
                postbox(),
                new EmailLogin.Joining(organizations, members, registration()));
        var admission = new OrgsHttp.Admission(admin, registration(), authenticate);
        var dashboard = new Dashboard(homes, cell.clock());
        var page = new MetricsHttp(metrics, config.access().metricsToken());
        return List.of(
                new EmailLoginHttp(login, cell.clock()),
                new SlugsHttp(organizations, cell.clock()),
                new WebhookTokensHttp(tokens, authenticate, config.web().publicUrl()),
                new OrgsHttp(organizations, usage, plans, admission, cell.clock()),
                new MembersHttp(members, authenticate),
                new ApiKeysHttp(ownKeys, authenticate),
                new BillingHttp(organizations, authenticate),
                new DashboardHttp(dashboard, authenticate, cell.clock(), VERSION),
                new OwnMetricsHttp(dashboard, metrics, page, authenticate, cell.clock()));
    }

    private List<Door> operatorDoors() {
        return List.of(
                new AdminHttp(organizations, new OrganizationList(cell.db(), usage), usage, plans, admin),
                new ServerStatsHttp(new ServerStats(homes, cell.clock()), plans, admin));
    }

    private List<Door> jobDoors(Authenticate authenticate) {
        var reads = new JobReads(homes, JobReads.Kept.by(limits));
        var lists = new JobLists(homes, cell.clock(), JobReads.Kept.by(limits));
        var diagnosis = new Diagnosis(homes, cell.clock());
        return List.of(
                new DeadLettersHttp(new DeadLetters(lanes, lists, reads), cell.clock(), authenticate),
                new JobListsHttp(lists, new JobStats(homes), reads, authenticate),
                new JobsHttp(jobs, new Progress(homes, cell.clock(), reads, diagnosis, hub), authenticate),
                new SchedulesHttp(new Schedules(homes, cell.clock(), lanes, jobs, limits, announcer), authenticate),
                new WorkflowsHttp(new Workflows(homes, lanes, jobs, reads), authenticate),
                new DependenciesHttp(new Dependencies(homes, lanes, reads), authenticate),
                new LiveHttp(hub, reads, authenticate),
                new SocketHttp(hub, authenticate),
                queuesHttp(authenticate),
                new WorkersHttp(new Workers(homes, cell.clock(), limits, announcer), rhythm(), authenticate));
    }

    private List<Door> webhookDoors(Authenticate authenticate) {
        var secrets = new ProviderSecrets(
                cell.db(), cell.clock(), seal, config.providers().secrets());
        var log = new IncomingLog(homes, cell.clock(), limits::historySince);
        return List.of(
                new WebhooksHttp(this::webhooksOf, authenticate),
                new IngestionHttp(new Ingestion(secrets, log, jobs, cell.clock()), jobs, authenticate),
                new IncomingWebhooksHttp(log, secrets, authenticate));
    }

    private OutgoingWebhooks webhooks(Cell opened) {
        var options = new OutgoingWebhooks.Options(
                config.webhooks().targets(),
                InetAddress::getAllByName,
                config.webhooks().atOnce(),
                OutgoingWebhooks.PATIENCE,
                (tx, org) -> limits.oneMore(tx, org, Resource.WEBHOOKS),
                opened::rereadHooks,
                audit,
                postbox());
        return new OutgoingWebhooks(
                opened.db(), opened.clock(), opened.number(), seal, plans, metrics.registry(), options);
    }

    private String secret(@Nullable String told, String fileName) {
        return KeptSecret.of(told, config.storage().dataDirectory(), fileName);
    }

    private @Nullable Postbox postbox() {
        URI server = config.login().smtp();
        if (server != null) {
            return new SmtpPostbox(server, config.login().mailFrom());
        }
        return config.login().dev() ? new LoggedPostbox() : null;
    }

    private Queues queues() {
        Config.Jobs defaults = config.jobs();
        return new Queues(homes, cell.clock(), new Queues.Defaults((short) defaults.maxRetries(), (int)
                defaults.timeout().toSeconds()));
    }

    private QueuesHttp queuesHttp(Authenticate authenticate) {
        var settings = new QueueSettings(homes, cell.clock(), queues, limits, new QueueSettings.Told(lanes, announcer));
        return new QueuesHttp(settings, figures(), authenticate);
    }

    private Hub hub() {
        Config.Live live = config.live();
        var parts = new Hub.Parts(homes, cell.clock(), credentials, cell.db()::isAnswering, limits::connections);
        var most = new Hub.Limits(live.streams(), live.sockets(), live.connections());
        return new Hub(parts, most, Rhythm.STANDARD)
                .meteredBy(metrics.registry())
                .shareOver(bus);
    }

    private QueueFigures figures() {
        return new QueueFigures(homes, cell.clock(), queues);
    }

    private WorkersHttp.Rhythm rhythm() {
        return new WorkersHttp.Rhythm(config.jobs().lease(), config.jobs().heartbeat());
    }

    private GrpcServer grpc() {
        var parts = new GrpcServer.Parts(
                jobs,
                new Workers(homes, cell.clock(), limits, announcer),
                figures(),
                config.jobs().heartbeat(),
                cell.clock(),
                new CredentialAdmission(credentials, rate),
                limits::connections);
        return new GrpcServer(grpcOptions, parts, () -> serving && cell.isReady(), metrics);
    }

    private static GrpcServer.Options grpcOptions(Config config) {
        Config.Grpc asked = config.grpc();
        Config.Tls tls = asked.tls();
        return new GrpcServer.Options(
                config.listen().host(),
                config.listen().grpcPort(),
                tls == null ? null : GrpcServer.Tls.of(tls.certificate(), tls.key()),
                asked.maxMessageBytes(),
                asked.maxConnections(),
                asked.maxStreams(),
                asked.streamsOfOrganization(),
                asked.keepAlive(),
                config.drain());
    }

    private Jobs jobs() {
        var reads = new JobReads(homes, JobReads.Kept.by(limits));
        var views = new Jobs.Views(reads, new ClaimedJobs(homes), new Diagnosis(homes, cell.clock()));
        var sizes = new JobLimits(JobLimits.PAYLOAD_BYTES, config.webhooks().targets());
        return new Jobs(lanes, queues, views, new Jobs.Rules(cell.clock(), sizes, limits, seal), metrics);
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
                config.web().hsts(),
                proxies(config.web().trustedProxies()));
    }

    private static TrustedProxies proxies(List<String> named) {
        try {
            return TrustedProxies.of(named);
        } catch (IllegalArgumentException e) {
            throw new CannotStart("SPOOLED_TRUSTED_PROXIES: " + e.getMessage());
        }
    }

    // ---- life

    /// Opens the doors, then says where they are.
    public App start() {
        var firstKey = new FirstKey(config.storage().dataDirectory());
        var made = organizations.ensureDefault();
        made.ifPresent(first -> firstKey.keep(first.key().key()));
        limits.applyAll();
        web.start();
        grpc.start();
        serving = true;
        grpc.reportHealth();
        System.out.println(Greeting.of(config, web, grpc, firstKey, made.isPresent()));
        return this;
    }

    public Cell cell() {
        return cell;
    }

    public Cells allCells() {
        return cells;
    }

    /// Every route of every listener.
    List<String> routes() {
        return web.routes();
    }

    public int port() {
        return web.port();
    }

    public int grpcPort() {
        return grpc.port();
    }

    /// Says that it is not ready, takes requests for `SPOOLED_DRAIN_DELAY_SECONDS` more, then drains: waiting
    /// claims are answered, live connections end, running requests finish, the lane writes what it took, then all
    /// stops.
    @Override
    public void close() {
        boolean served = serving;
        serving = false;
        grpc.reportHealth();
        web.announceClose();
        if (served) {
            awaitBalancers();
        }
        grpc.drain();
        cells.stopParking();
        hub.close();
        web.close();
        grpc.close();
        upkeep.close();
        works.values().forEach(CellWork::close);
        bus.close();
        cells.close();
        cell.close();
        if (redis != null) {
            redis.close();
        }
        metrics.close();
        closeDatabase();
    }

    private void awaitBalancers() {
        try {
            // Nothing counts this down: the wait is the delay.
            var unused = new CountDownLatch(1).await(config.drainDelay().toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
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
