package dev.spooled.dashboard;

import dev.spooled.access.Authenticate;
import dev.spooled.access.Caller;
import dev.spooled.dashboard.Dashboard.Figures;
import dev.spooled.engine.JobStatus;
import dev.spooled.json.Json;
import dev.spooled.json.JsonWriter;
import dev.spooled.metrics.Metrics;
import dev.spooled.metrics.MetricsHttp;
import dev.spooled.time.Clock;
import dev.spooled.web.Answer;
import dev.spooled.web.Door;
import dev.spooled.web.Routes;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;
import java.time.Instant;

/// An organization's figures in the form of metrics, for clients that read JSON rather than Prometheus' page.
public final class OwnMetricsHttp implements Door {
    private final Dashboard dashboard;
    private final Metrics metrics;
    private final MetricsHttp page;
    private final Authenticate authenticate;
    private final Clock clock;
    private final Instant startedAt;

    public OwnMetricsHttp(
            Dashboard dashboard, Metrics metrics, MetricsHttp page, Authenticate authenticate, Clock clock) {
        this.dashboard = dashboard;
        this.metrics = metrics;
        this.page = page;
        this.authenticate = authenticate;
        this.clock = clock;
        this.startedAt = clock.now();
    }

    @Override
    public void open(Routes routes) {
        routes.get("/api/v1/metrics", authenticate.then(this::get))
                .get("/api/v1/metrics/prometheus", authenticate.then(this::page));
    }

    private void get(ServerRequest request, ServerResponse response, Caller caller) {
        Figures figures = dashboard.of(caller);
        Answer.json(request, response, 200, Json.write(to -> {
            to.object("jobs", inner -> writeJobs(inner, figures));
            Dashboard.Workers workers = figures.workers();
            to.object(
                    "workers",
                    inner -> inner.number("total_registered", workers.total())
                            .number("total_active", workers.busy())
                            .number("total_idle", workers.healthy() - workers.busy()));
            to.object(
                    "queues",
                    inner -> inner.number("total_queues", figures.named().total())
                            .number("total_paused", figures.named().paused())
                            .number("total_pending", pending(figures))
                            .number("total_processing", figures.in(JobStatus.PROCESSING)));
            to.object("system", this::writeSystem);
        }));
    }

    private void page(ServerRequest request, ServerResponse response, Caller caller) {
        page.show(request, response);
    }

    private static long pending(Figures figures) {
        return figures.in(JobStatus.PENDING) + figures.in(JobStatus.SCHEDULED);
    }

    /// Of the jobs that are still kept.
    private static void writeJobs(JsonWriter to, Figures figures) {
        to.number("total_created", figures.total())
                .number("total_completed", figures.in(JobStatus.COMPLETED))
                .number("total_failed", figures.in(JobStatus.FAILED) + figures.in(JobStatus.DEADLETTER))
                .realOrNull("avg_wait_time_ms", figures.times().waitMs())
                .realOrNull("avg_processing_ms", figures.times().processingMs());
    }

    /// Of this server and all its callers.
    private void writeSystem(JsonWriter to) {
        Metrics.Summary all = metrics.summary();
        long seconds = Duration.between(startedAt, clock.now()).toSeconds();
        to.number("uptime_seconds", seconds)
                .realOrNull("requests_per_sec", all.requests() / Math.max(1, seconds))
                .realOrNull("error_rate", all.requests() == 0 ? 0 : all.faults() / all.requests())
                .realOrNull("avg_latency_ms", all.meanMs());
    }
}
