package dev.spooled.conformance.load;

import dev.spooled.conformance.load.Wire.Reply;
import java.util.List;
import java.util.UUID;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Works jobs off, mostly as it should: now and then it fails, stalls past its lease and reports all the same, forgets,
/// says things twice, or shows a lease that nobody was given. When the doors are closed it only completes.
final class Worker implements Runnable {
    static final int LEASE_SECS = 5;

    private final Stage stage;
    private final Actor actor;
    private final List<String> queues;
    private final boolean honest;

    Worker(Stage stage, Actor actor, List<String> queues, boolean honest) {
        this.stage = stage;
        this.actor = actor;
        this.queues = queues;
        this.honest = honest;
    }

    /// The same worker, who begins when the doors are closed: who works off what others left.
    Runnable afterDoors() {
        return () -> {
            while (stage.isOpen()) {
                Stage.pause(100);
            }
            run();
        };
    }

    @Override
    public void run() {
        while (stage.isWorking()) {
            if (workOnce(actor.one(queues)) < 0) {
                Stage.pause(20);
            }
        }
    }

    /// One claim and what it brought. Returns how many jobs that was, or -1 without an answer.
    int workOnce(String queue) {
        Reply reply =
                claim(stage, actor, queue, actor.between(1, 5), queue.equals(Stage.LINE) ? 0 : actor.between(0, 1));
        if (!reply.isOk()) {
            return -1;
        }
        for (JsonNode job : reply.body().path("jobs")) {
            handle(queue, job);
        }
        return reply.body().path("jobs").size();
    }

    static Reply claim(Stage stage, Actor actor, String queue, int limit, int waitSeconds) {
        return claim(stage, actor, actor.one(stage.wire().urls()), queue, limit, waitSeconds);
    }

    static Reply claim(Stage stage, Actor actor, java.net.URI node, String queue, int limit, int waitSeconds) {
        ObjectNode body = Stage.object()
                .put("queue_name", queue)
                .put("worker_id", actor.by())
                .put("limit", limit)
                .put("lease_duration_secs", LEASE_SECS)
                .put("wait_seconds", waitSeconds);
        Reply reply = stage.wire().ask(actor, node, actor.org().key(), "POST", "/api/v1/jobs/claim", body.toString());
        ObjectNode answer = Stage.object();
        if (reply.isOk()) {
            ArrayNode jobs = answer.putArray("jobs");
            for (JsonNode job : reply.body().path("jobs")) {
                ObjectNode kept = jobs.addObject();
                kept.put("id", job.path("id").asString(""))
                        .put("lease", job.path("lease_id").asString(""))
                        .put("until", Stage.micros(job.path("lease_expires_at")))
                        .put("retry_count", job.path("retry_count").asInt(0))
                        .put("priority", job.path("priority").asInt(0));
                kept.set("payload", job.path("payload"));
            }
        }
        stage.note(actor, "claim", reply, Stage.object().put("queue", queue).put("lease_secs", LEASE_SECS), answer);
        return reply;
    }

    private void handle(String queue, JsonNode job) {
        if (job.path("payload").path("fails").asBoolean(false)) {
            fail(job, true, -1);
        } else if (queue.equals(Stage.EXACT) && stage.isOpen()) {
            fail(job, false, -1);
        } else if (honest || !stage.isOpen()) {
            complete(job);
        } else {
            improvise(job);
        }
    }

    private void improvise(JsonNode job) {
        double dice = actor.dice().nextDouble();
        if (dice < 0.76) {
            complete(job);
        } else if (dice < 0.82) {
            heartbeat(job);
            complete(job);
        } else if (dice < 0.87) {
            fail(job, false, actor.between(0, 2));
        } else if (dice < 0.90) {
            fail(job, true, -1);
        } else if (dice < 0.93) {
            complete(job);
            complete(job);
        } else if (dice < 0.95) {
            forge(job);
            complete(job);
        } else if (dice < 0.97) {
            late(job);
        } else if (dice < 0.98) {
            fail(job, false, 0);
            complete(job);
        }
    }

    /// Comes back with its report after the lease has run out.
    private void late(JsonNode job) {
        int stall = actor.between(LEASE_SECS * 1_000, LEASE_SECS * 2_000);
        var other = new Worker(
                stage,
                new Actor(
                        actor.by(),
                        actor.org(),
                        new java.util.Random(actor.dice().nextLong())),
                queues,
                honest);
        Thread.ofVirtual().start(() -> {
            Stage.pause(stall);
            if (other.actor.chance(0.3)) {
                other.heartbeat(job);
            }
            other.complete(job);
        });
    }

    private void complete(JsonNode job) {
        String lease = job.path("lease_id").asString("");
        ObjectNode result =
                Stage.object().put("by", actor.by()).put("lease", lease).put("dice", actor.between(0, 9));
        // Sent again when the answer is lost: a worker cannot tell whether it was heard.
        for (int i = 0; i < 3; i++) {
            if (complete(job, lease, result, false).status() != 0) {
                return;
            }
        }
    }

    private Reply complete(JsonNode job, String lease, ObjectNode result, boolean forged) {
        ObjectNode body = Stage.object().put("worker_id", actor.by()).put("lease_id", lease);
        body.set("result", result);
        String id = job.path("id").asString("");
        Reply reply = stage.wire().ask(actor, "POST", "/api/v1/jobs/" + id + "/complete", body.toString());
        ObjectNode asked = Stage.object().put("job", id).put("lease", lease);
        asked.set("result", result);
        if (forged) {
            asked.put("forged", true);
        }
        stage.note(actor, "complete", reply, asked, Stage.object());
        return reply;
    }

    private void forge(JsonNode job) {
        complete(job, new UUID(actor.dice().nextLong(), actor.dice().nextLong()).toString(), Stage.object(), true);
    }

    private void heartbeat(JsonNode job) {
        String id = job.path("id").asString("");
        String lease = job.path("lease_id").asString("");
        ObjectNode body = Stage.object()
                .put("worker_id", actor.by())
                .put("lease_id", lease)
                .put("lease_duration_secs", LEASE_SECS + 2);
        Reply reply = stage.wire().ask(actor, "POST", "/api/v1/jobs/" + id + "/heartbeat", body.toString());
        ObjectNode answer = Stage.object();
        if (reply.isOk()) {
            answer.put("until", Stage.micros(reply.body().path("lease_expires_at")));
        }
        stage.note(actor, "heartbeat", reply, Stage.object().put("job", id).put("lease", lease), answer);
    }

    /// `after` below 0 leaves the time of the retry to the server.
    private void fail(JsonNode job, boolean last, int after) {
        String id = job.path("id").asString("");
        String lease = job.path("lease_id").asString("");
        ObjectNode body = Stage.object()
                .put("worker_id", actor.by())
                .put("lease_id", lease)
                .put("error", "on purpose");
        ObjectNode asked = Stage.object()
                .put("job", id)
                .put("lease", lease)
                .put("retry_count", job.path("retry_count").asInt(0));
        if (last) {
            body.put("no_retry", true);
        }
        if (after >= 0) {
            body.put("retry_after_seconds", after);
            asked.put("after", after);
        }
        Reply reply = stage.wire().ask(actor, "POST", "/api/v1/jobs/" + id + "/fail", body.toString());
        ObjectNode answer = Stage.object();
        if (reply.isOk()) {
            answer.put("will_retry", reply.body().path("will_retry").asBoolean(false))
                    .put("next", Stage.micros(reply.body().path("next_retry_at")));
        }
        stage.note(actor, "fail", reply, asked, answer);
    }
}
