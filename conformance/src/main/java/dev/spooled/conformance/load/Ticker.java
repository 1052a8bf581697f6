package dev.spooled.conformance.load;

import dev.spooled.conformance.load.Wire.Reply;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// A schedule that catches up on all it missed: made, watched, and paused at the end.
final class Ticker implements Runnable {
    private static final int READ_EVERY_MILLIS = 10_000;

    private final Stage stage;
    private final Actor actor;
    private final String cron;
    private final int periodSecs;

    Ticker(Stage stage, Actor actor, String cron, int periodSecs) {
        this.stage = stage;
        this.actor = actor;
        this.cron = cron;
        this.periodSecs = periodSecs;
    }

    @Override
    public void run() {
        String id = make();
        long next = System.nanoTime();
        while (stage.isOpen()) {
            if (System.nanoTime() - next > 0) {
                read(id);
                next = System.nanoTime() + READ_EVERY_MILLIS * 1_000_000L;
            }
            Stage.pause(100);
        }
        while (!pause(id)) {
            Stage.pause(100);
        }
        for (int i = 0; i < 20 && !read(id); i++) {
            Stage.pause(200);
        }
    }

    private String make() {
        String mark = actor.by();
        ObjectNode body = Stage.object()
                .put("name", mark)
                .put("cron_expression", cron)
                .put("queue_name", Stage.TICKS)
                .put("catch_up", "all");
        body.set("payload_template", Stage.object().put("schedule", mark));
        while (true) {
            Reply reply = stage.wire().ask(actor, "POST", "/api/v1/schedules", body.toString());
            ObjectNode answer = Stage.object();
            if (reply.isOk()) {
                answer.put("id", reply.body().path("id").asString(""));
            }
            ObjectNode asked = Stage.object().put("mark", mark).put("period_secs", periodSecs);
            stage.note(actor, "schedule", reply, asked, answer);
            if (reply.isOk()) {
                return answer.path("id").asString("");
            }
            Stage.pause(100);
        }
    }

    private boolean pause(String id) {
        return stage.plain(
                        actor,
                        "schedule_pause",
                        "POST",
                        "/api/v1/schedules/" + id + "/pause",
                        Stage.object().put("schedule", id))
                .isOk();
    }

    /// The newest hundred occurrences: read often enough, that is all.
    private boolean read(String id) {
        Reply reply = stage.wire().ask(actor, "GET", "/api/v1/schedules/" + id + "/history?limit=100", "");
        ObjectNode answer = Stage.object();
        if (reply.isOk()) {
            ArrayNode runs = answer.putArray("runs");
            for (JsonNode run : reply.body()) {
                runs.addObject()
                        .put("id", run.path("id").asString(""))
                        .put("for", Stage.micros(run.path("scheduled_for")))
                        .put("job", run.path("job_id").asString(""))
                        .put("manual", run.path("manual").asBoolean(false));
            }
        }
        stage.note(actor, "runs", reply, Stage.object().put("schedule", id), answer);
        return reply.isOk();
    }
}
