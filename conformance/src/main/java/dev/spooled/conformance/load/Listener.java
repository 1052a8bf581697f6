package dev.spooled.conformance.load;

import dev.spooled.conformance.history.History;
import dev.spooled.conformance.history.Op;
import dev.spooled.conformance.history.Outcome;
import dev.spooled.conformance.load.Wire.Reply;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Listens over SSE: to jobs of its own until they have ended, or to everything. A stream that ends is opened again
/// with the id of the last event heard.
final class Listener implements Runnable {
    private static final int CONNECTS_MAX = 200;

    private final Stage stage;
    private final Actor actor;
    private final boolean toEverything;

    Listener(Stage stage, Actor actor, boolean toEverything) {
        this.stage = stage;
        this.actor = actor;
        this.toEverything = toEverything;
    }

    @Override
    public void run() {
        while (stage.isOpen()) {
            if (toEverything) {
                listen("", "/api/v1/events?events=job.created,job.completed");
            } else {
                oneJob();
            }
        }
    }

    private void oneJob() {
        long number = stage.number();
        long due = History.now() + actor.between(500, 4_000) * 1_000L;
        ObjectNode asked = Stage.object().put("n", number).put("due", due).put("queue", Stage.TICKS);
        ObjectNode body = Stage.object().put("queue_name", Stage.TICKS).put("scheduled_at", Stage.time(due));
        body.set("payload", Stage.object().put("n", number));
        Reply made = stage.wire().ask(actor, "POST", "/api/v1/jobs", body.toString());
        ObjectNode answer = Stage.object();
        String id = made.body().path("id").asString("");
        if (made.isOk()) {
            answer.put("id", id).put("created", true);
        }
        stage.note(actor, "enqueue", made, asked, answer);
        if (made.isOk()) {
            listen(id, "/api/v1/events/jobs/" + id);
        }
    }

    /// Until the job has ended, or the doors are closed. Notes how it went.
    private void listen(String job, String path) {
        long begun = History.now();
        var heard = new Heard();
        int connects = 0;
        while (!heard.ended && connects < CONNECTS_MAX && (stage.isOpen() || !job.isEmpty())) {
            connects++;
            heard.connected();
            try (Stream<String> lines = stage.wire().lines(actor, path, heard.lastId)) {
                Iterator<String> each = lines.iterator();
                while (!heard.ended && (stage.isOpen() || !job.isEmpty()) && each.hasNext()) {
                    heard.take(each.next());
                }
            } catch (IOException | UncheckedIOException e) {
                heard.broken++;
                Stage.pause(50);
            }
        }
        ObjectNode answer = Stage.object()
                .put("connects", connects)
                .put("broken", heard.broken)
                .put("events", heard.events)
                .put("resumed", heard.resumed)
                .put("gaps_told", heard.gapsTold)
                .put("gaps_untold", heard.gapsUntold)
                .put("ended", heard.ended);
        stage.history()
                .add(new Op(
                        actor.by(),
                        "listen",
                        actor.org().name(),
                        begun,
                        History.now(),
                        Outcome.OK,
                        0,
                        Stage.object().put("of", job),
                        answer));
    }

    /// What came over the streams of one listener.
    static final class Heard {
        private String lastId = "";
        private String id = "";
        private boolean fresh;
        private boolean told;
        private int broken;
        private int events;
        private int resumed;
        private int gapsTold;
        private int gapsUntold;
        private boolean ended;

        int resumed() {
            return resumed;
        }

        int gapsTold() {
            return gapsTold;
        }

        int gapsUntold() {
            return gapsUntold;
        }

        void connected() {
            fresh = !lastId.isEmpty();
            told = false;
        }

        void take(String line) {
            if (line.startsWith("id:")) {
                id = line.substring(3).strip();
            } else if (line.startsWith("data:")) {
                JsonNode event = Wire.JSON.readTree(line.substring(5));
                events++;
                told |= saysThatItBeginsAnew(event);
                if (fresh) {
                    judge();
                }
                lastId = id;
                String status = event.path("data").path("new_status").asString("");
                ended |= status.equals("completed") || status.equals("deadletter") || status.equals("cancelled");
            }
        }

        /// Events may be missing, or the state of a job has been read again.
        private static boolean saysThatItBeginsAnew(JsonNode event) {
            JsonNode before = event.path("data").path("old_status");
            return event.path("type").asString("").equals("Error")
                    || before.isString() && before.asString().isEmpty();
        }

        /// The first event after coming back: it goes on where it was, or says that it does not.
        private void judge() {
            fresh = false;
            if (run(id).equals(run(lastId))) {
                resumed++;
            } else if (told) {
                gapsTold++;
            } else {
                gapsUntold++;
            }
        }

        private static String run(String id) {
            int dash = id.lastIndexOf('-');
            return dash < 0 ? id : id.substring(0, dash);
        }
    }
}
