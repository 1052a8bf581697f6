package dev.spooled.webhooks;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;

final class DeliveryMetricsTest {
    @Test
    void eachCellSaysWhatItIsSending() {
        var registry = new SimpleMeterRegistry();
        for (int cell = 0; cell < 2; cell++) {
            new DeliveryMetrics(registry, cell).watch(new Places(Places.bounds(4)));
        }
        assertThat(registry.find("spooled.webhooks.sending").gauges())
                .extracting(gauge -> gauge.getId().getTag("cell"))
                .containsExactlyInAnyOrder("0", "1");
    }
}
