package dev.spooled.webhooks;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.util.concurrent.TimeUnit;

/// What is counted of deliveries: attempts by how they ended and how long they took, and how many are under way.
final class DeliveryMetrics {
    private final MeterRegistry registry;
    private final Tags cell;
    private final Counter succeeded;
    private final Counter refused;
    private final Counter unanswered;
    private final Counter switchedOff;
    private final Timer took;

    DeliveryMetrics(MeterRegistry registry, int cell) {
        this.registry = registry;
        this.cell = Tags.of("cell", Integer.toString(cell));
        succeeded = registry.counter("spooled.webhooks.attempts", "outcome", "success");
        refused = registry.counter("spooled.webhooks.attempts", "outcome", "refused");
        unanswered = registry.counter("spooled.webhooks.attempts", "outcome", "unanswered");
        switchedOff = registry.counter("spooled.webhooks.disabled");
        took = registry.timer("spooled.webhooks.attempt.duration");
    }

    /// Each cell has places of its own.
    void watch(Places places) {
        registry.gauge("spooled.webhooks.sending", cell, places, Places::underWay);
        registry.gauge("spooled.webhooks.sending.slow", cell, places, of -> of.slowUnderWay(System.nanoTime()));
    }

    void attempted(Answered answered) {
        took.record(answered.millis(), TimeUnit.MILLISECONDS);
        if (answered.isSuccess()) {
            succeeded.increment();
        } else {
            (answered.status() == null ? unanswered : refused).increment();
        }
    }

    void switchedOff() {
        switchedOff.increment();
    }
}
