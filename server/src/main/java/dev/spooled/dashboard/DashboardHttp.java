package dev.spooled.dashboard;

import dev.spooled.access.Authenticate;
import dev.spooled.access.Caller;
import dev.spooled.dashboard.Dashboard.Figures;
import dev.spooled.engine.JobStatus;
import dev.spooled.json.Json;
import dev.spooled.json.JsonWriter;
import dev.spooled.time.Clock;
import dev.spooled.web.Answer;
import dev.spooled.web.Door;
import dev.spooled.web.Routes;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;
import java.time.Instant;

/// The dashboard's figures over HTTP.
public final class DashboardHttp implements Door {
    private final Dashboard dashboard;
    private final Authenticate authenticate;
    private final Clock clock;
    private final String version;
    private final Instant startedAt;

    public DashboardHttp(Dashboard dashboard, Authenticate authenticate, Clock clock, String version) {
        this.dashboard = dashboard;
        this.authenticate = authenticate;
        this.clock = clock;
        this.version = version;
        this.startedAt = clock.now();
    }

    @Override
    public void open(Routes routes) {
        routes.get("/api/v1/dashboard", authenticate.then(this::get));
    }

    private void get(ServerRequest request, ServerResponse response, Caller caller) {
        Figures figures = dashboard.of(caller);
        Answer.json(request, response, 200, Json.write(to -> {
            to.object("system", this::writeSystem);
            to.object("jobs", inner -> writeJobs(inner, figures));
            to.array(
                    "queues",
                    figures.shown(),
                    (one, queue) -> one.text("name", queue.name())
                            .number("pending", queue.pending())
                            .number("processing", queue.in(JobStatus.PROCESSING))
                            .flag("paused", queue.paused()));
            Dashboard.Workers workers = figures.workers();
            to.object(
                    "workers",
                    inner -> inner.number("total", workers.total())
                            .number("healthy", workers.healthy())
                            .number("unhealthy", workers.total() - workers.healthy()));
            Dashboard.Flows flows = figures.flows();
            to.object(
                    "recent_activity",
                    inner -> inner.number("jobs_created_1h", flows.createdHour())
                            .number("jobs_completed_1h", flows.completedHour())
                            .number("jobs_failed_1h", flows.failedHour()));
        }));
    }

    /// The figures were just read from the database, so it is well.
    private void writeSystem(JsonWriter to) {
        to.text("version", version)
                .number(
                        "uptime_seconds",
                        Duration.between(startedAt, clock.now()).toSeconds())
                .time("started_at", startedAt)
                .text("database_status", "healthy")
                .text("cache_status", "healthy")
                .text("environment", "self-hosted");
    }

    private static void writeJobs(JsonWriter to, Figures figures) {
        to.number("total", figures.total())
                .number("pending", figures.in(JobStatus.PENDING) + figures.in(JobStatus.SCHEDULED))
                .number("processing", figures.in(JobStatus.PROCESSING))
                .number("completed_24h", figures.flows().completedDay())
                .number("failed_24h", figures.flows().failedDay())
                .number("deadletter", figures.in(JobStatus.DEADLETTER))
                .realOrNull("avg_wait_time_ms", figures.times().waitMs())
                .realOrNull("avg_processing_time_ms", figures.times().processingMs());
    }
}
