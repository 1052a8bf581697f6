package dev.spooled.conformance.load;

import dev.spooled.conformance.history.Found;
import dev.spooled.conformance.load.Wire.Reply;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Waits until nothing is left to do, then reads everything: each job, each workflow, the counters.
final class Closing {
    private static final long DRAIN_NANOS = TimeUnit.SECONDS.toNanos(120);
    private static final int READERS = 8;
    private static final int HISTORIES = 1_500;

    private final Stage stage;

    Closing(Stage stage) {
        this.stage = stage;
    }

    /// Until no job waits or runs. Those whose retry lies a minute or more ahead are cancelled, they are not
    /// waited for. False if that takes too long.
    boolean drain(List<Actor> actors) {
        long end = System.nanoTime() + DRAIN_NANOS;
        int quiet = 0;
        while (System.nanoTime() - end < 0) {
            boolean open = false;
            for (Actor actor : actors) {
                cancelLongWaits(actor);
                open |= !isQuiet(actor);
            }
            quiet = open ? 0 : quiet + 1;
            if (quiet == 3) {
                return true;
            }
            Stage.pause(400);
        }
        return false;
    }

    private boolean isQuiet(Actor actor) {
        JsonNode stats =
                stage.wire().ask(actor, "GET", "/api/v1/jobs/stats", "").body();
        return stats.has("total")
                && stats.path("pending").asLong(0) == 0
                && stats.path("scheduled").asLong(0) == 0
                && stats.path("processing").asLong(0) == 0;
    }

    private void cancelLongWaits(Actor actor) {
        Reply waiting =
                stage.wire().ask(actor, "GET", "/api/v1/jobs?limit=100&status=pending&queue_name=" + Stage.EXACT, "");
        long soon = dev.spooled.conformance.history.History.now() + 20_000_000;
        for (JsonNode job : waiting.body()) {
            if (Stage.micros(job.path("scheduled_at")) > soon) {
                String id = job.path("id").asString("");
                stage.plain(
                        actor,
                        "cancel",
                        "DELETE",
                        "/api/v1/jobs/" + id,
                        Stage.object().put("job", id));
            }
        }
    }

    void read(Actor actor, List<String> workflows) throws InterruptedException {
        Set<String> jobs = listed(actor);
        Set<String> manyTimes = retried(actor.org());
        var missing = new ArrayList<Runnable>();
        jobs.forEach(id -> missing.add(() -> readJob(actor, id)));
        manyTimes.stream().limit(HISTORIES).forEach(id -> missing.add(() -> readAttempts(actor, id)));
        workflows.forEach(id -> missing.add(() -> keep(actor, "workflow", id, "/api/v1/workflows/" + id)));
        try (var readers =
                Executors.newFixedThreadPool(READERS, Thread.ofVirtual().factory())) {
            for (var reading : missing.stream().map(readers::submit).toList()) {
                try {
                    reading.get();
                } catch (java.util.concurrent.ExecutionException e) {
                    throw new IllegalStateException(e.getCause());
                }
            }
        }
        keep(actor, "stats", "", "/api/v1/jobs/stats");
        for (String queue : queues()) {
            keep(actor, "queue", queue, "/api/v1/queues/" + queue + "/stats");
        }
    }

    private static List<String> queues() {
        var queues = new ArrayList<>(Stage.QUEUES);
        queues.addAll(List.of(Stage.STEPS, Stage.TICKS, Stage.EXACT, Stage.LINE, Stage.WAKES));
        return queues;
    }

    /// All jobs that a list shows, and all that anybody was told of.
    private Set<String> listed(Actor actor) {
        Set<String> ids = new LinkedHashSet<>();
        String cursor = "";
        do {
            Reply page = heard(actor, "/api/v1/jobs?limit=100&order_by=created_at" + cursor);
            page.body().forEach(job -> ids.add(job.path("id").asString("")));
            cursor = page.cursor() == null || page.body().isEmpty() ? "" : "&cursor=" + page.cursor();
        } while (!cursor.isEmpty());
        stage.history().story().ops().stream()
                .filter(op -> op.isOk() && op.org().equals(actor.org().name()))
                .forEach(op -> {
                    if (!op.answered("id").isEmpty() && op.is("enqueue")) {
                        ids.add(op.answered("id"));
                    }
                    op.answer().path("ids").forEach(id -> ids.add(id.asString("")));
                });
        return ids;
    }

    private Set<String> retried(Org org) {
        Set<String> ids = new LinkedHashSet<>();
        stage.history()
                .story()
                .named("fail")
                .filter(op -> op.org().equals(org.name()))
                .forEach(op -> ids.add(op.asked("job")));
        return ids;
    }

    private Reply heard(Actor actor, String path) {
        for (int i = 0; i < 50; i++) {
            Reply reply =
                    stage.wire().ask(new Actor(actor.by(), actor.org(), new java.util.Random(i)), "GET", path, "");
            if (reply.isOk() || reply.status() == 404) {
                return reply;
            }
            Stage.pause(100);
        }
        throw new IllegalStateException("nobody answers " + path);
    }

    private void readJob(Actor actor, String id) {
        Reply reply = heard(actor, "/api/v1/jobs/" + id);
        if (reply.isOk()) {
            ObjectNode kept = Stage.object();
            for (String member : List.of(
                    "status",
                    "queue_name",
                    "payload",
                    "result",
                    "retry_count",
                    "max_retries",
                    "idempotency_key",
                    "workflow_id")) {
                if (!reply.body().path(member).isNull()) {
                    kept.set(member, reply.body().path(member));
                }
            }
            stage.history().add(new Found("job", actor.org().name(), id, kept));
        }
    }

    private void readAttempts(Actor actor, String id) {
        Reply reply = heard(actor, "/api/v1/jobs/" + id + "/attempts");
        if (reply.isOk()) {
            ObjectNode kept = Stage.object();
            kept.set("items", reply.body());
            stage.history().add(new Found("attempts", actor.org().name(), id, kept));
        }
    }

    private void keep(Actor actor, String kind, String id, String path) {
        Reply reply = heard(actor, path);
        if (reply.isOk()) {
            stage.history().add(new Found(kind, actor.org().name(), id, reply.body()));
        }
    }
}
