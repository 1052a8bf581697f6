package dev.spooled.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

/// The table of events has every kind, and judges.
final class EventTableTest {
    private static final JsonMapper JSON = new JsonMapper();

    @Test
    void everyKindIsDescribed() {
        assertThat(EventTable.types())
                .containsExactlyInAnyOrderElementsOf(
                        Arrays.stream(EventKind.values()).map(EventKind::type).toList());
    }

    @Test
    void whatIsNotDescribedIsAFault() {
        String right = "{\"type\":\"QueueResumed\",\"data\":{\"queue_name\":\"q\",\"timestamp\":\"t\"},"
                + "\"timestamp\":\"t\",\"queue_name\":\"q\"}";
        assertThat(EventTable.faults(JSON.readTree(right))).isEmpty();
        assertThat(EventTable.faults(
                        JSON.readTree(right.replace("\"queue_name\":\"q\",\"timestamp\"", "\"timestamp\""))))
                .containsExactly("no queue_name");
        assertThat(EventTable.faults(JSON.readTree(right.replace("{\"queue_name\"", "{\"more\":1,\"queue_name\""))))
                .containsExactly("more is not described");
        assertThat(EventTable.faults(JSON.readTree(right.replace(",\"queue_name\":\"q\"}", "}"))))
                .containsExactly("queue_name is not beside data");
        assertThat(EventTable.faults(JSON.readTree("{\"type\":\"Dance\"}"))).isNotEmpty();
    }
}
