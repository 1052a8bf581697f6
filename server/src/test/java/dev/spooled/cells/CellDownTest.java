package dev.spooled.cells;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.Await;
import dev.spooled.support.TestNode;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// The PostgreSQL of a cell stops and comes back.
@Tag("chaos")
class CellDownTest extends TwoCells {
    /// Whoever lives there is refused at once and told when to come back; nobody else notices; a server starts without
    /// it, and opens it when it comes.
    @Test
    void aCellThatIsDownHurtsOnlyItsOwn() {
        Tenant here = tenant(0);
        Tenant there = tenant(1);
        made(there, "mail", "{\"kept\":true}");
        second.close();
        Await.until(() -> node.get("", "/health").body(), it -> it.contains("\"cells_away\":[\"1\"]"));
        HttpResponse<String> refused = enqueue(there, "mail", "{}");
        assertThat(refused.statusCode()).isEqualTo(503);
        assertThat(refused.headers().firstValue("Retry-After")).isPresent();
        long slowest = 0;
        for (int i = 0; i < 100; i++) {
            long began = System.nanoTime();
            made(here, "mail", "{}");
            assertThat(enqueue(there, "mail", "{}").statusCode()).isEqualTo(503);
            slowest = Math.max(slowest, System.nanoTime() - began);
        }
        assertThat(slowest).isLessThan(1_000_000_000L);
        assertThat(node.call("", "GET", "/api/v1/admin/organizations", "").statusCode())
                .isEqualTo(200);
        try (TestNode late = another()) {
            assertThat(late.post(here.key(), "/jobs", "{\"queue_name\":\"mail\",\"payload\":{}}")
                            .statusCode())
                    .isEqualTo(201);
            assertThat(late.post(there.key(), "/jobs", "{\"queue_name\":\"mail\",\"payload\":{}}")
                            .statusCode())
                    .isEqualTo(503);
            second = startSecond();
            for (TestNode each : new TestNode[] {late, node}) {
                Await.until(() -> each.get("", "/health").body(), it -> !it.contains("cells_away"));
            }
            assertThat(claim(there, "mail", 1).get(0).get("payload").toString()).isEqualTo("{\"kept\":true}");
            assertThat(late.post(there.key(), "/jobs", "{\"queue_name\":\"mail\",\"payload\":{}}")
                            .statusCode())
                    .isEqualTo(201);
        }
    }
}
