package dev.spooled.admin;

import dev.spooled.access.AdminKey;
import dev.spooled.admin.ServerStats.Stats;
import dev.spooled.engine.JobStatus;
import dev.spooled.json.Json;
import dev.spooled.json.JsonWriter;
import dev.spooled.orgs.PlanLimits;
import dev.spooled.orgs.Plans;
import dev.spooled.web.Answer;
import dev.spooled.web.Door;
import dev.spooled.web.Routes;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;

/// Figures of the whole server and its plans over HTTP. Most figures stand twice, where different clients look for
/// them.
public final class ServerStatsHttp implements Door {
    private final ServerStats stats;
    private final Plans plans;
    private final AdminKey admin;

    public ServerStatsHttp(ServerStats stats, Plans plans, AdminKey admin) {
        this.stats = stats;
        this.plans = plans;
        this.admin = admin;
    }

    @Override
    public void open(Routes routes) {
        routes.get("/api/v1/admin/stats", admin.then(this::stats)).get("/api/v1/admin/plans", admin.then(this::plans));
    }

    private void stats(ServerRequest request, ServerResponse response) {
        Stats found = stats.read();
        Answer.json(request, response, 200, Json.write(to -> {
            writeNested(to, found);
            writeFlat(to, found);
        }));
    }

    private static void writeNested(JsonWriter to, Stats found) {
        long pending = found.jobsIn(JobStatus.PENDING) + found.jobsIn(JobStatus.SCHEDULED);
        long processing = found.jobsIn(JobStatus.PROCESSING);
        to.object(
                        "organizations",
                        inner -> inner.number("total", found.totals().organizations())
                                .array(
                                        "by_plan",
                                        found.plans().entrySet(),
                                        (one, plan) ->
                                                one.text("plan", plan.getKey()).number("count", plan.getValue()))
                                .number("created_today", found.totals().createdToday())
                                .number("created_this_week", found.totals().createdThisWeek()))
                .object(
                        "jobs",
                        inner -> inner.number("total_active", pending + processing)
                                .number("pending", pending)
                                .number("processing", processing)
                                .number("completed_24h", found.flows().completedDay())
                                .number("failed_24h", found.flows().failedDay()))
                .object(
                        "workers",
                        inner -> inner.number("total", found.totals().workers())
                                .number("healthy", found.totals().healthy())
                                .number("degraded", found.totals().degraded()))
                .object(
                        "system",
                        inner -> inner.text("api_version", "v1").number("uptime_seconds", found.uptimeSeconds()));
    }

    private static void writeFlat(JsonWriter to, Stats found) {
        to.number("total_organizations", found.totals().organizations())
                .number("total_jobs", found.allJobs())
                .number("total_queues", found.totals().queues())
                .number("total_workers", found.totals().workers())
                .number("total_api_keys", found.totals().apiKeys())
                .number("jobs_today", found.flows().jobsToday())
                .number("active_organizations", found.totals().activeOrganizations())
                .object("jobs_by_status", inner -> {
                    for (JobStatus status : JobStatus.values()) {
                        inner.number(status.wire(), found.jobsIn(status));
                    }
                })
                .object("organizations_by_plan", inner -> found.plans().forEach(inner::number));
    }

    private void plans(ServerRequest request, ServerResponse response) {
        Answer.json(request, response, 200, Json.writeAll(plans.all(), ServerStatsHttp::write));
    }

    private static void write(JsonWriter to, PlanLimits plan) {
        plan.write(to);
        to.text("description", plan.displayName() + " plan").object("limits", plan::write);
    }
}
