package dev.spooled.metrics;

import dev.spooled.web.RequestObserver;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/// What this server counts, under the names dashboards know (contract/rest, metrics). Labels are few and bounded: route
/// templates, methods and statuses, never a path, a queue or an organization.
public final class Metrics implements RequestObserver, AutoCloseable {
    private static final Set<String> METHODS =
            Set.of("GRPC", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");
    private static final Duration[] BUCKETS = {
        Duration.ofMillis(1),
        Duration.ofMillis(2),
        Duration.ofMillis(5),
        Duration.ofMillis(10),
        Duration.ofMillis(25),
        Duration.ofMillis(50),
        Duration.ofMillis(100),
        Duration.ofMillis(250),
        Duration.ofMillis(500),
        Duration.ofSeconds(1),
        Duration.ofSeconds(5),
        Duration.ofSeconds(30)
    };

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final Map<Label, Requests> requests = new ConcurrentHashMap<>();
    private final Counter enqueued = registry.counter("spooled.jobs.enqueued");
    private final Counter completed = registry.counter("spooled.jobs.completed");
    private final Counter failed = registry.counter("spooled.jobs.failed");
    private final Counter retried = registry.counter("spooled.jobs.retried");
    private final Counter deadLettered = registry.counter("spooled.jobs.deadlettered");

    private record Label(String method, String route, int status) {}

    private record Requests(Counter count, Timer time) {}

    public void enqueued(long jobs) {
        enqueued.increment(jobs);
    }

    public void completed() {
        completed.increment();
    }

    /// An attempt that failed, and whether the job is tried again or is dead.
    public void failed(boolean willRetry) {
        failed.increment();
        (willRetry ? retried : deadLettered).increment();
    }

    @Override
    public void answered(String method, String route, int status, Duration took) {
        var label = new Label(METHODS.contains(method) ? method : "OTHER", route, status);
        Requests of = requests.computeIfAbsent(label, this::requests);
        of.count.increment();
        of.time.record(took);
    }

    /// All requests so far: how many, how many of them answered 5xx, and their mean time in milliseconds.
    public record Summary(double requests, double faults, double meanMs) {}

    public Summary summary() {
        double all = 0;
        double faults = 0;
        double millis = 0;
        for (var each : requests.entrySet()) {
            double count = each.getValue().count.count();
            all += count;
            faults += each.getKey().status >= 500 ? count : 0;
            millis += each.getValue().time.totalTime(TimeUnit.MILLISECONDS);
        }
        return new Summary(all, faults, all == 0 ? 0 : millis / all);
    }

    /// The registry itself, for parts that bring their own gauges.
    public MeterRegistry registry() {
        return registry;
    }

    /// All of it in Prometheus' text form.
    public String text() {
        return registry.scrape();
    }

    @Override
    public void close() {
        registry.close();
    }

    private Requests requests(Label label) {
        String[] tags = {"method", label.method, "route", label.route, "status", Integer.toString(label.status)};
        return new Requests(
                registry.counter("spooled.api.requests", tags),
                Timer.builder("spooled.api.request.duration")
                        .tags(tags)
                        .serviceLevelObjectives(BUCKETS)
                        .register(registry));
    }
}
