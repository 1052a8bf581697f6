package dev.spooled.support;

import dev.spooled.access.AdminKey;
import dev.spooled.access.ApiKeys;
import dev.spooled.access.ApiKeysHttp;
import dev.spooled.access.Authenticate;
import dev.spooled.access.Credentials;
import dev.spooled.access.OwnKeys;
import dev.spooled.access.Remembered;
import dev.spooled.access.Seal;
import dev.spooled.access.Sessions;
import dev.spooled.access.SessionsHttp;
import dev.spooled.access.SigningKeys;
import dev.spooled.admin.AdminHttp;
import dev.spooled.admin.DeletedOrganizations;
import dev.spooled.admin.OrganizationList;
import dev.spooled.admin.ServerStats;
import dev.spooled.admin.ServerStatsHttp;
import dev.spooled.announce.Announcer;
import dev.spooled.audit.AuditHttp;
import dev.spooled.audit.AuditLog;
import dev.spooled.billing.BillingHttp;
import dev.spooled.dashboard.Dashboard;
import dev.spooled.dashboard.DashboardHttp;
import dev.spooled.dashboard.OwnMetricsHttp;
import dev.spooled.engine.EngineChores;
import dev.spooled.engine.Lane;
import dev.spooled.grpc.CredentialAdmission;
import dev.spooled.grpc.GrpcServer;
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
import dev.spooled.mail.Postbox;
import dev.spooled.metrics.Metrics;
import dev.spooled.metrics.MetricsHttp;
import dev.spooled.orgs.Limits;
import dev.spooled.orgs.Members;
import dev.spooled.orgs.MembersHttp;
import dev.spooled.orgs.NewOrganization;
import dev.spooled.orgs.Organizations;
import dev.spooled.orgs.OrgsHttp;
import dev.spooled.orgs.Plans;
import dev.spooled.orgs.Queues;
import dev.spooled.orgs.RateLimits;
import dev.spooled.orgs.Registration;
import dev.spooled.orgs.Resource;
import dev.spooled.orgs.SlugsHttp;
import dev.spooled.orgs.Usage;
import dev.spooled.orgs.WebhookTokens;
import dev.spooled.orgs.WebhookTokensHttp;
import dev.spooled.outbound.Targets;
import dev.spooled.queues.QueueFigures;
import dev.spooled.queues.QueueSettings;
import dev.spooled.queues.QueuesHttp;
import dev.spooled.schedules.FireSchedules;
import dev.spooled.schedules.Schedules;
import dev.spooled.schedules.SchedulesHttp;
import dev.spooled.web.OpenApi;
import dev.spooled.web.TrustedProxies;
import dev.spooled.web.Web;
import dev.spooled.webhooks.OutgoingWebhooks;
import dev.spooled.workers.Workers;
import dev.spooled.workers.WorkersHttp;
import dev.spooled.workflows.Dependencies;
import dev.spooled.workflows.DependenciesHttp;
import dev.spooled.workflows.Workflows;
import dev.spooled.workflows.WorkflowsHttp;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The HTTP server with everything behind it, on a database and a port of its own, under a clock moved by hand.
public final class TestServer implements AutoCloseable {
    public static final String ADMIN_KEY = "operator";
    public static final String GITHUB_SECRET = "signs-as-github-for-test-servers";
    public static final String STRIPE_SECRET = "signs-as-stripe-for-test-servers";
    public static final String JWT_SECRET = "signs-the-tokens-of-test-servers-only";

    public final ManualClock clock = new ManualClock(ManualClock.NOON);
    public final TestDb database = TestDb.withDays();
    private final Remembered remembered = new Remembered();
    public final ApiKeys keys = new ApiKeys(database.db(), clock, remembered);
    public final Seal seal = new Seal("seals-the-secrets-of-test-servers-only");
    private final WebhookTokens tokens = new WebhookTokens(database.db(), clock, seal);
    private final Usage usage = new Usage(database.db(), clock);
    private final Plans plans;
    public final Limits limits;
    public final Organizations organizations;

    /// What webhooks may reach, besides the Internet: receivers of tests, on this machine.
    public static final Targets TARGETS = Targets.of(List.of("127.0.0.1", "receiver.test"), false);

    /// Sends webhooks when a test says so.
    public final OutgoingWebhooks webhooks;

    /// What readiness says.
    public volatile boolean ready = true;

    /// What the health says of the bus.
    public volatile boolean together = true;

    /// Stands before every call.
    public final TestGate rate = new TestGate();

    public final EngineChores chores;
    public final DeletedOrganizations purge;

    /// Fires due schedules when a test says so.
    public final FireSchedules fireSchedules;

    /// Rung when there may be events for webhooks.
    private volatile Runnable events = () -> {};

    public final String key;
    public final UUID organization;
    private final Lane lane;
    private final Hub hub;
    private final Web web;
    private final Metrics metrics = new Metrics();
    private final GrpcServer.Parts grpcParts;
    private final GrpcServer grpc;
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    public TestServer() {
        this(Setup.usual());
    }

    /// What servers of tests differ in.
    private record Setup(
            Registration registration,
            @Nullable Postbox postbox,
            int maxPayloadBytes,
            Plans plans,
            Hub.Limits live,
            Rhythm rhythm,
            TrustedProxies proxies) {
        static Setup usual() {
            return of(Registration.CLOSED, null);
        }

        static Setup of(Registration registration, @Nullable Postbox postbox) {
            return new Setup(
                    registration,
                    postbox,
                    1_000,
                    new Plans(true),
                    Hub.Limits.STANDARD,
                    Rhythm.STANDARD,
                    TrustedProxies.NONE);
        }
    }

    /// With so many live connections, whose rhythm is that one.
    public TestServer(Hub.Limits live, Rhythm rhythm) {
        this(new Setup(Registration.CLOSED, null, 1_000, new Plans(true), live, rhythm, TrustedProxies.NONE));
    }

    /// Which takes this machine for its proxy: a test comes from wherever its X-Forwarded-For says.
    public static TestServer behindProxy(Registration registration, @Nullable Postbox postbox) {
        var usual = Setup.of(registration, postbox);
        return new TestServer(new Setup(
                registration,
                postbox,
                usual.maxPayloadBytes(),
                usual.plans(),
                usual.live(),
                usual.rhythm(),
                TrustedProxies.of(List.of("127.0.0.1"))));
    }

    /// With payloads of up to so many bytes.
    public TestServer(int maxPayloadBytes) {
        this(new Setup(
                Registration.CLOSED,
                null,
                maxPayloadBytes,
                new Plans(true),
                Hub.Limits.STANDARD,
                Rhythm.STANDARD,
                TrustedProxies.NONE));
    }

    /// Held to the plan table, and to the rates of it.
    public static TestServer withPlans() {
        var server = new TestServer(new Setup(
                Registration.CLOSED,
                null,
                5 * 1024 * 1024,
                new Plans(false),
                Hub.Limits.STANDARD,
                Rhythm.STANDARD,
                TrustedProxies.NONE));
        server.rate.goBy(new RateLimits(server.clock, server.limits, () -> 1, null));
        return server;
    }

    /// With `postbox` null e-mail is off.
    public TestServer(Registration registration, @Nullable Postbox postbox) {
        this(Setup.of(registration, postbox));
    }

    private TestServer(Setup setup) {
        this.plans = setup.plans();
        limits = new Limits(database.db(), clock, plans, usage);
        organizations = new Organizations(
                database.db(), clock, new Organizations.Parts(keys, tokens, usage, remembered, limits), "enterprise");
        lane = TestLane.of(database.address(), clock);
        chores = new EngineChores(lane, database.db(), clock, 0);
        lane.start();
        var first = organizations.ensureDefault().orElseThrow();
        organization = first.organization().id();
        key = first.key().key();
        var signing = new SigningKeys(JWT_SECRET, null);
        var sessions = new Sessions(database.db(), clock, signing, remembered, Duration.ofHours(24));
        var credentials = new Credentials(keys, sessions);
        var reads = new JobReads(database.db(), JobReads.Kept.by(limits));
        var lists = new JobLists(database.db(), clock, JobReads.Kept.by(limits));
        var diagnosis = new Diagnosis(database.db(), clock);
        hub = new Hub(
                        new Hub.Parts(database.db(), clock, credentials, () -> true, limits::connections),
                        setup.live(),
                        setup.rhythm())
                .meteredBy(metrics.registry());
        lane.watch(hub);
        Announcer announcer = hub.andThen(() -> events.run());
        lane.onEvents(() -> events.run());
        var views = new Jobs.Views(reads, new ClaimedJobs(database.db()), diagnosis);
        var queues = new Queues(database.db(), clock, Queues.Defaults.STANDARD);
        var jobs = new Jobs(
                lane,
                queues,
                views,
                new Jobs.Rules(clock, new JobLimits(setup.maxPayloadBytes(), TARGETS), limits, seal),
                metrics);
        var audit = new AuditLog(database.db(), clock);
        purge = new DeletedOrganizations(database.db(), clock, lane, audit, 0);
        var authenticate = new Authenticate(credentials, rate, audit);
        var admin = new AdminKey(ADMIN_KEY, audit);
        var ownKeys = new OwnKeys(database.db(), clock, keys, limits);
        var members = new Members(database.db(), clock, ownKeys, remembered);
        var login = new EmailLogin(
                database.db(),
                clock,
                new EmailLogin.Keys(signing, seal, sessions),
                setup.postbox(),
                new EmailLogin.Joining(organizations, members, setup.registration()));
        fireSchedules = new FireSchedules(database.db(), clock, lane, jobs, 0, announcer);
        webhooks = webhooks(plans, audit, setup.postbox());
        events = webhooks::eventsMayWait;
        var incoming = new IncomingLog(database.db(), clock, limits::historySince);
        var providerSecrets = new ProviderSecrets(
                database.db(), clock, seal, Map.of("github", GITHUB_SECRET, "stripe", STRIPE_SECRET));
        var settings = new QueueSettings(database.db(), clock, queues, limits, new QueueSettings.Told(lane, announcer));
        grpcParts = new GrpcServer.Parts(
                jobs,
                new Workers(database.db(), clock, limits, announcer),
                new QueueFigures(database.db(), clock, queues),
                WorkersHttp.Rhythm.STANDARD.heartbeat(),
                clock,
                new CredentialAdmission(credentials, rate),
                limits::connections);
        grpc = grpcWith(GrpcServer.Options.local()).start();
        web = new Web(
                        Web.Options.local().behind(setup.proxies()),
                        List.of(
                                new HealthHttp(() -> ready, database.db()::isAnswering, () -> together),
                                new MetricsHttp(metrics, null),
                                new OpenApi(),
                                new SessionsHttp(sessions, credentials, ownKeys, authenticate, clock),
                                new EmailLoginHttp(login, clock),
                                new SlugsHttp(organizations, clock),
                                new WebhookTokensHttp(tokens, authenticate, null),
                                new OrgsHttp(
                                        organizations,
                                        usage,
                                        plans,
                                        new OrgsHttp.Admission(admin, setup.registration(), authenticate),
                                        clock),
                                new MembersHttp(members, authenticate),
                                new BillingHttp(organizations, authenticate),
                                new DashboardHttp(new Dashboard(database.db(), clock), authenticate, clock, "test"),
                                new OwnMetricsHttp(
                                        new Dashboard(database.db(), clock),
                                        metrics,
                                        new MetricsHttp(metrics, null),
                                        authenticate,
                                        clock),
                                new AdminHttp(
                                        organizations, new OrganizationList(database.db(), usage), usage, plans, admin),
                                new ServerStatsHttp(new ServerStats(database.db(), clock), plans, admin),
                                new ApiKeysHttp(ownKeys, authenticate),
                                new IngestionHttp(
                                        new Ingestion(providerSecrets, incoming, jobs, clock), jobs, authenticate),
                                new IncomingWebhooksHttp(incoming, providerSecrets, authenticate),
                                new AuditHttp(audit, authenticate, admin),
                                new DeadLettersHttp(new DeadLetters(lane, lists, reads), clock, authenticate),
                                new JobListsHttp(lists, new JobStats(database.db()), reads, authenticate),
                                new JobsHttp(
                                        jobs, new Progress(database.db(), clock, reads, diagnosis, hub), authenticate),
                                new SchedulesHttp(
                                        new Schedules(database.db(), clock, lane, jobs, limits, announcer),
                                        authenticate),
                                new WorkflowsHttp(new Workflows(database.db(), lane, jobs, reads), authenticate),
                                new DependenciesHttp(new Dependencies(database.db(), lane, reads), authenticate),
                                new LiveHttp(hub, reads, authenticate),
                                new SocketHttp(hub, authenticate),
                                new QueuesHttp(settings, new QueueFigures(database.db(), clock, queues), authenticate),
                                new WorkersHttp(
                                        new Workers(database.db(), clock, limits, announcer),
                                        WorkersHttp.Rhythm.STANDARD,
                                        authenticate),
                                webhooks.http(authenticate)),
                        List.of(),
                        metrics)
                .start();
    }

    private OutgoingWebhooks webhooks(Plans plans, AuditLog audit, @Nullable Postbox postbox) {
        var options = new OutgoingWebhooks.Options(
                TARGETS,
                InetAddress::getAllByName,
                64,
                Duration.ofSeconds(2),
                (tx, org) -> limits.oneMore(tx, org, Resource.WEBHOOKS),
                () -> chores.noteHooks().runOnce(),
                audit,
                postbox);
        return new OutgoingWebhooks(database.db(), clock, 0, seal, plans, metrics.registry(), options);
    }

    /// Queues that waiting claims look at.
    public int awaitedQueues() {
        return lane.awaited().size();
    }

    /// What a stop begins with: streams and waiting claims end.
    public void stopServing() {
        ready = false;
        grpc.drain();
        lane.stopParking();
    }

    /// A second door to the same calls, not yet started.
    public GrpcServer grpcWith(GrpcServer.Options options) {
        return new GrpcServer(options, grpcParts, () -> ready, metrics);
    }

    /// Where live events come from.
    public Hub hub() {
        return hub;
    }

    public GrpcServer grpc() {
        return grpc;
    }

    public int port() {
        return web.port();
    }

    public HttpRequest.Builder to(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + web.port() + path));
    }

    public HttpResponse<String> send(HttpRequest.Builder request) {
        try {
            HttpRequest sent = request.build();
            HttpResponse<String> answer = client.send(sent, BodyHandlers.ofString());
            List<String> faults =
                    Contract.read().faults(sent.method(), sent.uri().getRawPath(), Contract.Answer.of(answer));
            if (!faults.isEmpty()) {
                throw new AssertionError(sent.method() + " " + sent.uri().getPath() + " answered " + answer.statusCode()
                        + " against the contract: " + faults + "\n" + answer.body());
            }
            return answer;
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    public HttpResponse<String> post(String path, String json) {
        return post(key, path, json);
    }

    public HttpResponse<String> post(String by, String path, String json) {
        return send(to("/api/v1" + path)
                .header("Authorization", "Bearer " + by)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(json)));
    }

    public HttpResponse<String> get(String path) {
        return send(to("/api/v1" + path).header("Authorization", "Bearer " + key));
    }

    public HttpResponse<String> get(String by, String path) {
        return send(to("/api/v1" + path).header("Authorization", "Bearer " + by));
    }

    public HttpResponse<String> put(String path, String json) {
        return send(to("/api/v1" + path)
                .header("Authorization", "Bearer " + key)
                .header("Content-Type", "application/json")
                .PUT(BodyPublishers.ofString(json)));
    }

    public HttpResponse<String> delete(String path) {
        return send(
                to("/api/v1" + path).header("Authorization", "Bearer " + key).DELETE());
    }

    /// Any method, by any key; an empty `json` sends no body.
    public HttpResponse<String> call(String by, String method, String path, String json) {
        var body = json.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(json);
        return send(to("/api/v1" + path)
                .header("Authorization", "Bearer " + by)
                .header("Content-Type", "application/json")
                .method(method, body));
    }

    /// A new organization of that plan, with its first key.
    public Organizations.Created organizationOf(String tier, @Nullable String customLimits) {
        String slug = "org-" + UUID.randomUUID();
        return organizations.create(new NewOrganization("Planned", slug, null, tier, null, customLimits));
    }

    /// A key of a new organization.
    public String otherOrganization() {
        String slug = "org-" + UUID.randomUUID();
        return organizations.create(NewOrganization.named("Other", slug)).key().key();
    }

    @Override
    public void close() {
        grpc.drain();
        lane.stopParking();
        hub.close();
        web.close();
        grpc.close();
        webhooks.close();
        lane.close();
        database.close();
    }
}
