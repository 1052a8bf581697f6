package dev.spooled.webhooks;

import dev.spooled.access.Authenticate;
import dev.spooled.access.Seal;
import dev.spooled.access.Trail;
import dev.spooled.db.Db;
import dev.spooled.mail.Postbox;
import dev.spooled.orgs.Plans;
import dev.spooled.outbound.SafeResolver;
import dev.spooled.outbound.Targets;
import dev.spooled.time.Clock;
import dev.spooled.upkeep.Chore;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The parts of this feature, put together: its door, and the chores that make, send and forget deliveries.
public final class OutgoingWebhooks implements AutoCloseable {
    /// Contract: an attempt has thirty seconds.
    public static final Duration PATIENCE = Sender.STANDARD.total();

    private static final Duration LOOKUP_PATIENCE = Duration.ofSeconds(5);

    private final SafeResolver resolver;
    private final FanOut fanOut;
    private final Deliver deliver;
    private final History history;
    private final Webhooks webhooks;
    private final ByHand byHand;
    private final Runnable onChange;

    /// What comes from outside: where webhooks may lead and how names are looked up, how many attempts run at
    /// once, the times they have, the caps of plans, who must hear that an organization has webhooks or none,
    /// and how people hear of a disabled one.
    public record Options(
            Targets targets,
            SafeResolver.Lookup lookup,
            int atOnce,
            Duration patience,
            Webhooks.Cap cap,
            Runnable onChange,
            Trail trail,
            @Nullable Postbox postbox) {}

    public OutgoingWebhooks(
            Db db, Clock clock, int cell, Seal seal, Plans plans, MeterRegistry registry, Options options) {
        onChange = options.onChange();
        resolver = new SafeResolver(options.targets(), options.lookup(), LOOKUP_PATIENCE);
        var standard = Sender.STANDARD;
        var sender = new Sender(
                resolver,
                new Sender.Limits(standard.connect(), options.patience(), standard.perHost(), standard.inTotal()));
        var metrics = new DeliveryMetrics(registry, cell);
        var deliveries = new Deliveries(db, clock, cell);
        var notices = new Notices(db, cell, options.trail(), options.postbox());
        var parts = new Deliver.Parts(sender, options.targets(), seal, metrics, off -> {
            metrics.switchedOff();
            options.onChange().run();
            notices.accept(off);
        });
        deliver = new Deliver(deliveries, clock, parts, new Places(Places.bounds(options.atOnce())));
        fanOut = new FanOut(db, clock, cell, deliver::nudge);
        history = new History(db, clock, plans, cell);
        webhooks = new Webhooks(
                db, clock, new Webhooks.Rules(options.targets(), seal, options.cap(), this::changed, deliver::nudge));
        byHand = new ByHand(db, clock, deliver, deliveries, ByHand.PATIENCE);
    }

    public List<Chore> chores() {
        return List.of(fanOut, deliver, history);
    }

    /// One that was switched on may have waited for it.
    private void changed() {
        onChange.run();
        deliver.nudge();
    }

    /// Events may be waiting in the outbox. Returns at once.
    public void eventsMayWait() {
        fanOut.bell().ring();
    }

    public WebhooksHttp http(Authenticate authenticate) {
        return new WebhooksHttp(org -> this, authenticate);
    }

    Webhooks webhooks() {
        return webhooks;
    }

    ByHand byHand() {
        return byHand;
    }

    FanOut fanOut() {
        return fanOut;
    }

    Deliver deliver() {
        return deliver;
    }

    History history() {
        return history;
    }

    @Override
    public void close() {
        deliver.close();
        resolver.close();
    }
}
