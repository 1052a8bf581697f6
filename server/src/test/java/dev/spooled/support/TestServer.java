package dev.spooled.support;

import dev.spooled.access.AdminKey;
import dev.spooled.access.ApiKeys;
import dev.spooled.access.ApiKeysHttp;
import dev.spooled.access.Authenticate;
import dev.spooled.access.OwnKeys;
import dev.spooled.access.WideGate;
import dev.spooled.engine.Barrier;
import dev.spooled.engine.EngineChores;
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
import dev.spooled.orgs.NewOrganization;
import dev.spooled.orgs.Organizations;
import dev.spooled.orgs.OrgsHttp;
import dev.spooled.orgs.Queues;
import dev.spooled.orgs.Registration;
import dev.spooled.queues.QueueFigures;
import dev.spooled.queues.QueueSettings;
import dev.spooled.queues.QueuesHttp;
import dev.spooled.schedules.FireSchedules;
import dev.spooled.schedules.Schedules;
import dev.spooled.schedules.SchedulesHttp;
import dev.spooled.web.OpenApi;
import dev.spooled.web.Web;
import dev.spooled.workers.Workers;
import dev.spooled.workers.WorkersHttp;
import dev.spooled.workflows.Dependencies;
import dev.spooled.workflows.DependenciesHttp;
import dev.spooled.workflows.Workflows;
import dev.spooled.workflows.WorkflowsHttp;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/// The HTTP server with everything behind it, on a database and a port of its own, under a clock moved by hand.
public final class TestServer implements AutoCloseable {
    public static final String ADMIN_KEY = "operator";

    public final ManualClock clock = new ManualClock(Instant.parse("2026-11-25T12:00:00Z"));
    public final TestDb database = TestDb.create();
    public final ApiKeys keys = new ApiKeys(database.db(), clock);
    public final Organizations organizations = new Organizations(database.db(), clock, keys, "enterprise");
    public final EngineChores chores;

    /// Fires due schedules when a test says so.
    public final FireSchedules fireSchedules;

    public final String key;
    public final UUID organization;
    private final Lane lane;
    private final Web web;
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    public TestServer() {
        lane = new Lane(database.address(), 0, UUID.randomUUID(), clock);
        chores = new EngineChores(lane, database.db(), clock, 0);
        chores.keepPartitions().runOnce();
        lane.start();
        var first = organizations.ensureDefault().orElseThrow();
        organization = first.organization().id();
        key = first.key().key();
        var metrics = new Metrics();
        var reads = new JobReads(database.db());
        var lists = new JobLists(database.db());
        var diagnosis = new Diagnosis(database.db(), clock);
        var views = new Jobs.Views(reads, new ClaimedJobs(database.db()), diagnosis);
        var queues = new Queues(database.db(), clock, Queues.Defaults.STANDARD);
        var jobs = new Jobs(lane, queues, views, new Jobs.Rules(clock, new JobLimits(1_000, false)), metrics);
        fireSchedules = new FireSchedules(database.db(), clock, lane, jobs, 0);
        var authenticate = new Authenticate(keys, new WideGate(clock));
        var settings = new QueueSettings(database.db(), clock, queues, lane, new Barrier(database.db(), 0));
        web = new Web(
                        Web.Options.local(),
                        List.of(
                                new HealthHttp(() -> true, new DatabaseProbe(database.db())),
                                new MetricsHttp(metrics, null),
                                new OpenApi(),
                                new OrgsHttp(organizations, new AdminKey(ADMIN_KEY), Registration.CLOSED),
                                new ApiKeysHttp(new OwnKeys(database.db(), clock, keys), authenticate),
                                new DeadLettersHttp(new DeadLetters(lane, lists, reads), clock, authenticate),
                                new JobListsHttp(lists, new JobStats(database.db()), reads, authenticate),
                                new JobsHttp(jobs, new Progress(database.db(), clock, reads, diagnosis), authenticate),
                                new SchedulesHttp(new Schedules(database.db(), clock, lane, jobs), authenticate),
                                new WorkflowsHttp(new Workflows(database.db(), lane, jobs, reads), authenticate),
                                new DependenciesHttp(new Dependencies(database.db(), lane, reads), authenticate),
                                new QueuesHttp(settings, new QueueFigures(database.db(), clock, queues), authenticate),
                                new WorkersHttp(
                                        new Workers(database.db(), clock), WorkersHttp.Rhythm.STANDARD, authenticate)),
                        List.of(),
                        metrics)
                .start();
    }

    public int port() {
        return web.port();
    }

    public HttpRequest.Builder to(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + web.port() + path));
    }

    public HttpResponse<String> send(HttpRequest.Builder request) {
        try {
            return client.send(request.build(), BodyHandlers.ofString());
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

    /// A key of a new organization.
    public String otherOrganization() {
        String slug = "org-" + UUID.randomUUID();
        return organizations.create(NewOrganization.named("Other", slug)).key().key();
    }

    @Override
    public void close() {
        web.close();
        lane.close();
        database.close();
    }
}
