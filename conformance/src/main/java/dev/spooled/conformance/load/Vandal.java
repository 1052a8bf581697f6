package dev.spooled.conformance.load;

import dev.spooled.conformance.load.Wire.Reply;
import java.util.List;

/// Sends what makes no sense.
final class Vandal implements Runnable {
    private record Junk(String what, String method, String path, String body) {}

    private static final List<Junk> JUNK = List.of(
            new Junk("no JSON", "POST", "/api/v1/jobs", "{"),
            new Junk("U+0000", "POST", "/api/v1/jobs", "{\"queue_name\":\"q0\",\"payload\":{\"a\":\"\\u0000\"}}"),
            new Junk(
                    "lone surrogate",
                    "POST",
                    "/api/v1/jobs",
                    "{\"queue_name\":\"q0\",\"payload\":{\"a\":\"\\ud800\"}}"),
            new Junk("queue name", "POST", "/api/v1/jobs", "{\"queue_name\":\"no such/name\",\"payload\":{}}"),
            new Junk("priority", "POST", "/api/v1/jobs", "{\"queue_name\":\"q0\",\"payload\":{},\"priority\":101}"),
            new Junk("retries", "POST", "/api/v1/jobs", "{\"queue_name\":\"q0\",\"payload\":{},\"max_retries\":-1}"),
            new Junk("no payload", "POST", "/api/v1/jobs", "{\"queue_name\":\"q0\"}"),
            new Junk(
                    "time", "POST", "/api/v1/jobs", "{\"queue_name\":\"q0\",\"payload\":{},\"scheduled_at\":\"soon\"}"),
            new Junk("no id", "GET", "/api/v1/jobs/no-id", ""),
            new Junk("status", "GET", "/api/v1/jobs?status=lost", ""),
            new Junk("empty bulk", "POST", "/api/v1/jobs/bulk", "{\"queue_name\":\"q0\",\"jobs\":[]}"),
            new Junk(
                    "circle",
                    "POST",
                    "/api/v1/workflows",
                    "{\"name\":\"c\",\"jobs\":[{\"key\":\"a\",\"queue_name\":\"q0\",\"payload\":{},\"depends_on\":[\"b\"]},"
                            + "{\"key\":\"b\",\"queue_name\":\"q0\",\"payload\":{},\"depends_on\":[\"a\"]}]}"),
            new Junk(
                    "cron",
                    "POST",
                    "/api/v1/schedules",
                    "{\"name\":\"s\",\"cron_expression\":\"99 * * * * *\",\"queue_name\":\"q0\",\"payload_template\":{}}"),
            new Junk("route", "GET", "/api/v1/nothing", ""),
            new Junk("method", "PATCH", "/api/v1/jobs/claim", ""));

    private final Stage stage;
    private final Actor actor;

    Vandal(Stage stage, Actor actor) {
        this.stage = stage;
        this.actor = actor;
    }

    @Override
    public void run() {
        while (stage.isOpen()) {
            Junk junk = actor.one(JUNK);
            Reply reply = stage.wire().ask(actor, junk.method(), junk.path(), junk.body());
            stage.note(actor, "junk", reply, Stage.object().put("what", junk.what()), Stage.object());
            Stage.pause(actor.between(50, 300));
        }
    }
}
