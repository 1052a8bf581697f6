package dev.spooled.conformance.load;

import dev.spooled.conformance.load.Wire.Reply;
import java.net.URI;
import tools.jackson.databind.node.ObjectNode;

/// Makes keys, uses them on every node, revokes them, and goes on using them.
final class KeyTurner implements Runnable {
    private static final int USES_BEFORE = 5;
    private static final int USES_AFTER = 12;

    private final Stage stage;
    private final Actor actor;

    KeyTurner(Stage stage, Actor actor) {
        this.stage = stage;
        this.actor = actor;
    }

    @Override
    public void run() {
        while (stage.isOpen()) {
            Reply made = stage.wire().ask(actor, "POST", "/api/v1/api-keys", "{\"name\":\"short-lived\"}");
            if (made.isOk()) {
                String id = made.body().path("id").asString("");
                String key = made.body().path("key").asString("");
                use(id, key, USES_BEFORE);
                revoke(id);
                use(id, key, USES_AFTER);
            } else {
                Stage.pause(200);
            }
        }
    }

    private void use(String id, String key, int times) {
        for (int i = 0; i < times; i++) {
            for (URI node : stage.wire().urls()) {
                Reply reply = stage.wire().ask(actor, node, key, "GET", "/api/v1/jobs/stats", "");
                ObjectNode asked = Stage.object().put("id", id).put("node", node.toString());
                stage.note(actor, "use", reply, asked, Stage.object());
            }
            Stage.pause(600);
        }
    }

    private void revoke(String id) {
        for (int i = 0; i < 50; i++) {
            Reply reply = stage.plain(
                    actor,
                    "revoke",
                    "DELETE",
                    "/api/v1/api-keys/" + id,
                    Stage.object().put("id", id));
            if (reply.isOk() || reply.status() == 404) {
                return;
            }
            Stage.pause(100);
        }
    }
}
