package dev.spooled.conformance.check;

import dev.spooled.conformance.history.Found;
import dev.spooled.conformance.history.Op;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/// Steps and what they wait for.
final class Workflows {
    private Workflows() {}

    private record Step(String id, List<String> parents, boolean any) {}

    private static Map<String, Step> steps(Op workflow) {
        JsonNode ids = workflow.answer().path("jobs");
        Map<String, Step> steps = new HashMap<>();
        for (JsonNode step : workflow.asked().path("steps")) {
            var parents = new ArrayList<String>();
            step.path("depends_on")
                    .forEach(key -> parents.add(ids.path(key.asString("")).asString("")));
            String id = ids.path(step.path("key").asString("")).asString("");
            steps.put(
                    id, new Step(id, parents, step.path("mode").asString("all").equals("any")));
        }
        return steps;
    }

    /// Before a step is handed out its parents were completed, all of them or one.
    static void afterParents(Facts facts, Findings findings) {
        for (Op workflow : facts.named("workflow")) {
            if (workflow.isOk()) {
                for (Step step : steps(workflow).values()) {
                    for (Delivery delivery : facts.deliveriesOf(step.id())) {
                        long done = step.parents().stream()
                                .filter(parent -> mayBeCompleted(
                                        facts, parent, delivery.claim().heard()))
                                .count();
                        boolean enough = step.any() && !step.parents().isEmpty()
                                ? done > 0
                                : done == step.parents().size();
                        findings.look(
                                enough,
                                "step " + step.id() + " began before its parents were completed: "
                                        + delivery.claim().place());
                    }
                }
            }
        }
    }

    private static boolean mayBeCompleted(Facts facts, String job, long at) {
        return facts.opsOn(job, "complete").stream().anyMatch(op -> op.mayHaveHappened() && op.sent() < at);
    }

    static void counts(Facts facts, Findings findings) {
        for (Found workflow : facts.found("workflow")) {
            JsonNode jobs = workflow.state().path("jobs");
            long completed = count(jobs, "completed");
            long failed = count(jobs, "deadletter") + count(jobs, "failed");
            findings.look(
                    workflow.number("total_jobs") == jobs.size()
                            && isCounted(workflow, "completed_jobs", completed)
                            && isCounted(workflow, "failed_jobs", failed),
                    "workflow " + workflow.id() + " says " + workflow.number("total_jobs") + "/"
                            + workflow.number("completed_jobs") + "/" + workflow.number("failed_jobs")
                            + " jobs in all, completed and failed, there are " + jobs.size() + "/" + completed + "/"
                            + failed);
        }
    }

    /// A cancelled workflow keeps the figures it had; what still ran then may have ended since.
    private static boolean isCounted(Found workflow, String member, long counted) {
        long said = workflow.number(member);
        return workflow.text("status").equals("cancelled") ? said <= counted : said == counted;
    }

    private static long count(JsonNode jobs, String status) {
        long count = 0;
        for (JsonNode job : jobs) {
            count += job.path("status").asString("").equals(status) ? 1 : 0;
        }
        return count;
    }

    /// A workflow ends as its steps say it must, and a step that can never start is cancelled.
    static void ends(Facts facts, Findings findings) {
        Map<String, Found> read = new HashMap<>();
        facts.found("workflow").forEach(workflow -> read.put(workflow.id(), workflow));
        for (Op op : facts.named("workflow")) {
            Found workflow = read.get(op.answered("id"));
            if (op.isOk() && workflow != null) {
                String status = workflow.text("status");
                findings.look(
                        status.equals("cancelled")
                                || status.equals(expected(workflow.state().path("jobs"))),
                        "workflow " + workflow.id() + " is " + status + ", its steps say "
                                + expected(workflow.state().path("jobs")));
                steps(op).values().forEach(step -> judge(facts, findings, step, status));
            }
        }
    }

    private static String expected(JsonNode jobs) {
        long completed = count(jobs, "completed");
        long open = count(jobs, "pending") + count(jobs, "scheduled") + count(jobs, "processing");
        return open > 0 ? "running" : completed == jobs.size() ? "completed" : "failed";
    }

    private static void judge(Facts facts, Findings findings, Step step, String workflow) {
        Found job = facts.job(step.id());
        if (job == null || step.parents().isEmpty()) {
            return;
        }
        long done = step.parents().stream()
                .filter(parent -> statusOf(facts, parent).equals("completed"))
                .count();
        boolean reachable = step.any() ? done > 0 : done == step.parents().size();
        boolean cancelled = job.text("status").equals("cancelled");
        findings.look(
                reachable != cancelled || workflow.equals("cancelled"),
                "step " + step.id() + " is " + job.text("status") + " while " + done + " of "
                        + step.parents().size() + " parents are completed");
    }

    private static String statusOf(Facts facts, String job) {
        Found found = facts.job(job);
        return found == null ? "" : found.text("status");
    }
}
