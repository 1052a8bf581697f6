package dev.spooled.conformance.load;

import dev.spooled.conformance.load.Wire.Reply;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Meddles: cancels, retries, replays and purges dead letters, pauses queues, looks at what belongs to others. One to
/// an organization, so that a pause is ended by who began it.
final class Operator implements Runnable {
    private final Stage stage;
    private final Actor actor;
    private final Org other;

    Operator(Stage stage, Actor actor, Org other) {
        this.stage = stage;
        this.actor = actor;
        this.other = other;
    }

    @Override
    public void run() {
        while (stage.isOpen()) {
            double dice = actor.dice().nextDouble();
            if (dice < 0.35) {
                cancel();
            } else if (dice < 0.5) {
                retry();
            } else if (dice < 0.6) {
                replay(actor.one(Stage.QUEUES));
            } else if (dice < 0.7) {
                purgeAndReplay();
            } else if (dice < 0.78) {
                pauseForAWhile(actor.one(Stage.QUEUES));
            } else if (dice < 0.95) {
                peek();
            } else {
                cancelWorkflow();
            }
            Stage.pause(actor.between(20, 200));
        }
    }

    private void cancel() {
        String job = actor.org().some(actor);
        if (job != null) {
            stage.plain(
                    actor,
                    "cancel",
                    "DELETE",
                    "/api/v1/jobs/" + job,
                    Stage.object().put("job", job));
        }
    }

    private void retry() {
        List<String> dead = dead(actor.one(Stage.QUEUES));
        String job = dead.isEmpty() ? actor.org().some(actor) : actor.one(dead);
        if (job != null) {
            stage.plain(
                    actor,
                    "retry",
                    "POST",
                    "/api/v1/jobs/" + job + "/retry",
                    Stage.object().put("job", job));
        }
    }

    private void replay(String queue) {
        ObjectNode body = Stage.object().put("queue_name", queue).put("limit", 20);
        Reply reply = stage.wire().ask(actor, "POST", "/api/v1/jobs/dlq/retry", body.toString());
        ObjectNode answer = Stage.object();
        if (reply.isOk()) {
            answer.set("jobs", reply.body().path("retried_jobs"));
        }
        stage.note(actor, "replay", reply, Stage.object().put("queue", queue), answer);
    }

    private List<String> dead(String queue) {
        Reply reply = stage.wire().ask(actor, "GET", "/api/v1/jobs/dlq?limit=20&queue_name=" + queue, "");
        List<String> found = new ArrayList<>();
        reply.body().forEach(job -> found.add(job.path("id").asString("")));
        return found;
    }

    /// Both at once for the same jobs: what is brought back first must not be purged any more.
    private void purgeAndReplay() {
        String queue = Stage.QUEUES.getLast();
        List<String> dead = dead(queue);
        if (dead.isEmpty()) {
            return;
        }
        ArrayNode ids = Stage.array();
        dead.stream().limit(3).forEach(ids::add);
        var replaying = new Operator(
                stage,
                new Actor(
                        actor.by() + "-too",
                        actor.org(),
                        new java.util.Random(actor.dice().nextLong())),
                other);
        Thread thread = Thread.ofVirtual().start(() -> replaying.replay(queue));
        ObjectNode body = Stage.object().put("confirm", true);
        body.set("job_ids", ids);
        Reply reply = stage.wire().ask(actor, "POST", "/api/v1/jobs/dlq/purge", body.toString());
        ObjectNode answer = Stage.object();
        if (reply.isOk()) {
            answer.put("count", reply.body().path("purged_count").asInt(0));
        }
        ObjectNode asked = Stage.object();
        asked.set("jobs", ids);
        stage.note(actor, "purge", reply, asked, answer);
        join(thread);
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void pauseForAWhile(String queue) {
        ObjectNode asked = Stage.object().put("queue", queue);
        stage.plain(actor, "pause", "POST", "/api/v1/queues/" + queue + "/pause", asked);
        Stage.pause(actor.between(200, 1_500));
        resume(queue);
    }

    /// Until it is heard: a queue left paused would never be empty.
    void resume(String queue) {
        for (int i = 0; i < 200; i++) {
            Reply reply = stage.plain(
                    actor,
                    "resume",
                    "POST",
                    "/api/v1/queues/" + queue + "/resume",
                    Stage.object().put("queue", queue));
            if (reply.isOk() || reply.status() == 404) {
                return;
            }
            Stage.pause(100);
        }
    }

    /// Another organization's job, and nobody's, by the same routes.
    private void peek() {
        String theirs = other.some(actor);
        if (theirs != null) {
            String method = actor.chance(0.5) ? "GET" : "DELETE";
            peek(method, theirs, "other");
            peek(method, new UUID(actor.dice().nextLong(), actor.dice().nextLong()).toString(), "nobody");
        }
    }

    private void peek(String method, String id, String whose) {
        Reply reply = stage.wire().ask(actor, method, "/api/v1/jobs/" + id, "");
        JsonNode said = reply.body();
        ObjectNode asked = Stage.object().put("id", id).put("whose", whose).put("route", method);
        ObjectNode answer = Stage.object()
                .put("code", said.path("code").asString(""))
                .put("message", said.path("message").asString(""));
        stage.note(actor, "peek", reply, asked, answer);
    }

    private void cancelWorkflow() {
        Reply reply = stage.wire().ask(actor, "GET", "/api/v1/workflows?status=running&limit=5", "");
        JsonNode first = reply.body().path(0);
        String id = first.path("id").asString("");
        if (!id.isEmpty()) {
            stage.plain(
                    actor,
                    "workflow_cancel",
                    "POST",
                    "/api/v1/workflows/" + id + "/cancel",
                    Stage.object().put("workflow", id));
        }
    }
}
