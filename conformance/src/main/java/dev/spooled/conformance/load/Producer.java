package dev.spooled.conformance.load;

import dev.spooled.conformance.history.History;
import dev.spooled.conformance.load.Wire.Reply;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Makes jobs: alone, by key, late, in bulk, as steps of a workflow. What got no answer it sends again when it has a
/// key.
final class Producer implements Runnable {
    private static final List<String> TEXTS =
            List.of("plain", "ünïcödé", "日本語", "🙂 and \"quotes\"", "back\\slash\n", "\u2028\u2029", "");
    private static final int STEPS_MAX = 8;

    private final Stage stage;
    private final Actor actor;
    private final int pauseMillis;

    Producer(Stage stage, Actor actor, int pauseMillis) {
        this.stage = stage;
        this.actor = actor;
        this.pauseMillis = pauseMillis;
    }

    @Override
    public void run() {
        while (stage.isOpen()) {
            double dice = actor.dice().nextDouble();
            if (dice < 0.55) {
                single();
            } else if (dice < 0.75) {
                keyed();
            } else if (dice < 0.9) {
                bulk();
            } else if (dice < 0.97) {
                workflow();
            } else {
                exact();
            }
            Stage.pause(actor.between(1, 2 * pauseMillis));
        }
    }

    private void single() {
        ObjectNode asked = Stage.object();
        ObjectNode body = job(asked, actor.one(Stage.QUEUES));
        if (actor.chance(0.2)) {
            long due = History.now() + actor.between(1_000, 6_000) * 1_000L;
            asked.put("due", due);
            body.put("scheduled_at", Stage.time(due));
        }
        enqueue(asked, body);
    }

    /// Keys of the same second are the same for all producers of an organization.
    private void keyed() {
        String key = "key-" + History.now() / 400_000 + "-" + actor.between(1, 3);
        for (int i = 0; i < 3; i++) {
            ObjectNode asked = Stage.object();
            ObjectNode body = job(asked, actor.one(Stage.QUEUES));
            asked.put("key", key);
            body.put("idempotency_key", key);
            Reply reply = enqueue(asked, body);
            if (reply.status() > 0) {
                return;
            }
        }
    }

    /// Its failure names no time, so the server's own rule shows.
    private void exact() {
        ObjectNode asked = Stage.object();
        enqueue(asked, job(asked, Stage.EXACT));
    }

    private ObjectNode job(ObjectNode asked, String queue) {
        ObjectNode payload = payload(stage.number(), 0);
        int priority = actor.between(-3, 3);
        asked.put("n", payload.path("n").asLong(0)).put("queue", queue).put("priority", priority);
        asked.set("payload", payload);
        ObjectNode body = Stage.object().put("queue_name", queue).put("priority", priority);
        body.put("max_retries", actor.between(0, 4)).set("payload", payload);
        return body;
    }

    private ObjectNode payload(long number, int item) {
        return Stage.object().put("n", number).put("i", item).put("text", actor.one(TEXTS));
    }

    private Reply enqueue(ObjectNode asked, ObjectNode body) {
        Reply reply = stage.wire().ask(actor, "POST", "/api/v1/jobs", body.toString());
        ObjectNode answer = Stage.object();
        if (reply.isOk()) {
            String id = reply.body().path("id").asString("");
            answer.put("id", id).put("created", reply.body().path("created").asBoolean(false));
            actor.org().remember(List.of(id));
        }
        stage.note(actor, "enqueue", reply, asked, answer);
        return reply;
    }

    private void bulk() {
        String queue = actor.one(Stage.QUEUES);
        long number = stage.number();
        int items = actor.between(2, 20);
        ArrayNode jobs = Stage.array();
        for (int i = 0; i < items; i++) {
            ObjectNode job = Stage.object().put("priority", actor.between(-3, 3));
            job.set("payload", payload(number, i));
            jobs.add(job);
        }
        ObjectNode body = Stage.object().put("queue_name", queue).put("default_max_retries", 3);
        body.set("jobs", jobs);
        Reply reply = stage.wire().ask(actor, "POST", "/api/v1/jobs/bulk", body.toString());
        ObjectNode answer = Stage.object();
        if (reply.isOk()) {
            ArrayNode ids = answer.putArray("ids");
            var made = new ArrayList<String>();
            reply.body()
                    .path("succeeded")
                    .forEach(item -> made.add(item.path("job_id").asString("")));
            made.forEach(ids::add);
            actor.org().remember(made);
        }
        ObjectNode asked = Stage.object().put("n", number).put("items", items).put("queue", queue);
        stage.note(actor, "bulk", reply, asked, answer);
    }

    /// A random graph; a step in ten fails for good when it is worked off.
    private void workflow() {
        long number = stage.number();
        int count = actor.between(2, STEPS_MAX);
        ArrayNode steps = Stage.array();
        ArrayNode jobs = Stage.array();
        for (int i = 0; i < count; i++) {
            ArrayNode parents = Stage.array();
            for (int j = 0; j < i; j++) {
                if (actor.chance(1.5 / i)) {
                    parents.add("s" + j);
                }
            }
            String mode = actor.chance(0.3) ? "any" : "all";
            steps.add(Stage.object().put("key", "s" + i).put("mode", mode).set("depends_on", parents));
            ObjectNode job = Stage.object().put("key", "s" + i).put("queue_name", Stage.STEPS);
            job.put("dependency_mode", mode).set("depends_on", parents);
            job.set("payload", payload(number, i).put("fails", actor.chance(0.1)));
            jobs.add(job);
        }
        ObjectNode body = Stage.object().put("name", "graph " + number);
        body.set("jobs", jobs);
        Reply reply = stage.wire().ask(actor, "POST", "/api/v1/workflows", body.toString());
        ObjectNode answer = Stage.object();
        if (reply.isOk()) {
            ObjectNode ids = answer.put("id", reply.body().path("workflow_id").asString(""))
                    .putObject("jobs");
            for (JsonNode step : reply.body().path("job_ids")) {
                ids.put(step.path("key").asString(""), step.path("job_id").asString(""));
            }
        }
        ObjectNode asked = Stage.object().put("n", number).put("items", count);
        asked.set("steps", steps);
        stage.note(actor, "workflow", reply, asked, answer);
    }
}
