package dev.spooled.webhooks;

import dev.spooled.access.Caller;
import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.json.Json;
import dev.spooled.refusal.Refused;
import dev.spooled.time.Clock;
import dev.spooled.time.Ids;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;

/// Single attempts that somebody asked for and waits for: the test of a webhook, and a delivery sent again. Few
/// at once, since each holds its request for as long as the receiver takes.
final class ByHand {
    private static final Statements SQL = Statements.beside(ByHand.class, "deliveries.sql");
    private static final Sql HOLD = SQL.get("hold");

    /// Contract: a test ends after ten seconds.
    static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final int AT_ONCE = 64;
    private static final int AT_ONCE_EACH = 4;

    private final Db db;
    private final Clock clock;
    private final Deliver deliver;
    private final Deliveries deliveries;
    private final Duration patience;
    private final Ids ids;
    private final Semaphore places = new Semaphore(AT_ONCE);
    private final ConcurrentHashMap<Integer, Integer> perOrganization = new ConcurrentHashMap<>();

    ByHand(Db db, Clock clock, Deliver deliver, Deliveries deliveries, Duration patience) {
        this.db = db;
        this.clock = clock;
        this.deliver = deliver;
        this.deliveries = deliveries;
        this.patience = patience;
        this.ids = new Ids(clock);
    }

    /// Sends a test, also to a webhook that is disabled. It leaves no trace in the history.
    Answered test(Caller caller, Webhook webhook, Due.Sealed sealed) {
        Instant now = clock.now();
        UUID id = mint();
        byte[] body = Json.write(to -> {
            to.id("id", id).text("event", Event.TEST).time("created_at", now);
            about(to, caller, webhook, now);
            to.object("data", data -> about(data, caller, webhook, now));
        });
        var due = new Due(
                id,
                caller.org(),
                webhook.id(),
                webhook.id().toString(),
                Event.TEST,
                webhook.url(),
                new String(body, StandardCharsets.UTF_8),
                0,
                0,
                webhook.format(),
                sealed);
        return within(caller.org(), () -> attempted(due));
    }

    private static void about(dev.spooled.json.JsonWriter to, Caller caller, Webhook webhook, Instant now) {
        to.id("webhook_id", webhook.id())
                .id("organization_id", caller.organization())
                .time("timestamp", now)
                .flag("test", true)
                .text("message", "This is a test of the webhook " + webhook.name());
    }

    private synchronized UUID mint() {
        return ids.next();
    }

    /// Sends a delivery once more and records what came of it. What the plan has in mind for it stays, unless
    /// it gets through.
    Answered again(Caller caller, UUID webhook, UUID delivery) {
        Args args = Args.of("org", caller.org()).and("id", delivery).and("webhook", webhook);
        List<Due> found = db.readAsEngine(HOLD, args, Due::of);
        if (found.isEmpty()) {
            throw Refused.notFound("Delivery not found: " + delivery);
        }
        Due due = found.getFirst();
        Answered answered = within(caller.org(), () -> attempted(due));
        var unused = deliveries.record(List.of(Outcome.besidesPlan(due, answered)));
        return answered;
    }

    /// On a thread of its own, since an attempt that takes too long has its thread interrupted.
    private Answered attempted(Due due) {
        var answer = new CompletableFuture<Answered>();
        Thread.ofVirtual().name("webhook-by-hand").start(() -> answer.complete(deliver.attempt(due, patience)));
        return answer.join();
    }

    private Answered within(int org, Supplier<Answered> attempt) {
        if (!places.tryAcquire()) {
            throw busy();
        }
        try {
            if (perOrganization.merge(org, 1, Integer::sum) > AT_ONCE_EACH) {
                throw busy();
            }
            return attempt.get();
        } finally {
            perOrganization.computeIfPresent(org, (key, n) -> n == 1 ? null : n - 1);
            places.release();
        }
    }

    private static Refused busy() {
        return Refused.unavailable("Other webhooks are being tested or sent again, try again in a moment");
    }
}
