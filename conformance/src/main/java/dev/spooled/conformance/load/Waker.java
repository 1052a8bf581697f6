package dev.spooled.conformance.load;

import dev.spooled.conformance.history.History;
import dev.spooled.conformance.history.Op;
import dev.spooled.conformance.history.Outcome;
import dev.spooled.conformance.load.Wire.Reply;
import java.net.URI;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Waits with a claim on one node, then enqueues on another: how long until the claim is answered?
final class Waker implements Runnable {
    private static final int WAIT_SECS = 15;
    private static final int HEAD_START_MILLIS = 300;

    private final Stage stage;
    private final Actor actor;

    Waker(Stage stage, Actor actor) {
        this.stage = stage;
        this.actor = actor;
    }

    @Override
    public void run() {
        while (stage.isOpen()) {
            clear();
            wake();
            Stage.pause(actor.between(100, 500));
        }
    }

    /// Jobs left over from answers that were lost would answer the next claim at once.
    private void clear() {
        Reply left;
        do {
            left = Worker.claim(stage, actor, Stage.WAKES, 10, 0);
            left.body().path("jobs").forEach(job -> complete(actor, job));
        } while (left.isOk() && !left.body().path("jobs").isEmpty());
    }

    private void wake() {
        URI waiting = actor.one(stage.wire().urls());
        URI taking = actor.one(stage.wire().urls());
        var second = new Actor(
                actor.by() + "-waiting",
                actor.org(),
                new java.util.Random(actor.dice().nextLong()));
        CompletableFuture<Reply> claim = CompletableFuture.supplyAsync(
                () -> Worker.claim(stage, second, waiting, Stage.WAKES, 1, WAIT_SECS), Thread::startVirtualThread);
        Stage.pause(HEAD_START_MILLIS);
        long number = stage.number();
        ObjectNode body = Stage.object().put("queue_name", Stage.WAKES);
        body.set("payload", Stage.object().put("n", number));
        Reply made = stage.wire().ask(actor, taking, actor.org().key(), "POST", "/api/v1/jobs", body.toString());
        ObjectNode answer = Stage.object();
        if (made.isOk()) {
            answer.put("id", made.body().path("id").asString("")).put("created", true);
        }
        stage.note(actor, "enqueue", made, Stage.object().put("n", number).put("queue", Stage.WAKES), answer);
        try {
            settle(second, waiting, taking, made, claim.join());
        } catch (CompletionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    private void settle(Actor second, URI waiting, URI taking, Reply made, Reply claimed) {
        for (JsonNode job : claimed.body().path("jobs")) {
            complete(second, job);
            boolean same =
                    job.path("id").asString("").equals(made.body().path("id").asString("?"));
            if (made.isOk() && same) {
                note(waiting, taking, made, claimed);
            }
        }
        boolean empty = claimed.isOk() && claimed.body().path("jobs").isEmpty();
        boolean longAgo = claimed.heard() - made.heard() > 5_000_000;
        if (made.isOk() && empty && longAgo) {
            note(waiting, taking, made, claimed);
        }
    }

    private void note(URI waiting, URI taking, Reply made, Reply claimed) {
        ObjectNode asked = Stage.object().put("waiting", waiting.toString()).put("taking", taking.toString());
        asked.put("job", made.body().path("id").asString(""));
        long woken = Math.max(claimed.heard(), made.heard());
        stage.history()
                .add(new Op(
                        actor.by(),
                        "wake",
                        actor.org().name(),
                        made.heard(),
                        woken,
                        Outcome.OK,
                        0,
                        asked,
                        Stage.object().put("at", History.now())));
    }

    private void complete(Actor second, JsonNode job) {
        String id = job.path("id").asString("");
        String lease = job.path("lease_id").asString("");
        ObjectNode body = Stage.object().put("worker_id", second.by()).put("lease_id", lease);
        body.set("result", Stage.object());
        Reply reply = stage.wire().ask(second, "POST", "/api/v1/jobs/" + id + "/complete", body.toString());
        ObjectNode asked = Stage.object().put("job", id).put("lease", lease);
        asked.set("result", Stage.object());
        stage.note(second, "complete", reply, asked, Stage.object());
    }
}
