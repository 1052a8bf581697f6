package dev.spooled.webhooks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.orgs.Plans;
import dev.spooled.support.TestServer;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The history of deliveries is bounded, whoever is called.
class HistoryTest {
    private TestServer server;
    private WebhookCalls calls;

    @BeforeEach
    void open() {
        server = new TestServer();
        calls = WebhookCalls.of(server);
    }

    @AfterEach
    void close() {
        server.close();
    }

    private int org() {
        return WebhookCalls.rows(server, "select max(id) as id from organization", row -> row.integer("id"))
                .getFirst();
    }

    /// So many deliveries of one target, a second apart and the last just now.
    private void insert(String target, String subscription, String status, int n) {
        WebhookCalls.execute(
                server,
                "insert into delivery (cell, id, org, subscription, target, event, body, status, attempts, created_at,"
                        + " next_at) select 0, uuid7_of(t), " + org() + ", " + subscription + ", '" + target
                        + "', 'job.created', '{}', '" + status + "', 1, t, case when '" + status
                        + "' = 'pending' then timestamptz '2030-01-01' end"
                        + " from (select timestamptz '2026-11-25T12:00:00Z' - make_interval(secs => n) as t"
                        + " from generate_series(0, " + (n - 1) + ") n) x");
    }

    private int left(String where) {
        return WebhookCalls.count(server, "delivery where " + where);
    }

    private void prune(History history) {
        while (history.runOnce()) {}
    }

    @Test
    void theNewestHundredStayAndFailedOnesLonger() {
        String hook = calls.create("https://example.com", "\"job.created\"", "");
        insert(hook, "'" + hook + "'", "success", 350);
        insert("job:" + org() + ":a.example", "null", "success", 250);
        insert("job:" + org() + ":b.example", "null", "failed", 250);
        prune(server.webhooks.history());
        assertThat(left("target = '" + hook + "'")).isEqualTo(History.KEPT);
        assertThat(left("target like 'job:%a.example'")).isEqualTo(History.KEPT);
        assertThat(left("target like 'job:%b.example'")).isEqualTo(250);
        assertThat(left("created_at < timestamptz '2026-11-25T12:00:00Z' - interval '100 seconds'"
                        + " and status = 'success'"))
                .isZero();
    }

    @Test
    void whatIsUnderWayStaysHoweverOld() {
        String hook = calls.create("https://example.com", "\"job.created\"", "");
        insert(hook, "'" + hook + "'", "pending", 300);
        server.clock.advance(Duration.ofDays(100));
        prune(server.webhooks.history());
        assertThat(left("true")).isEqualTo(300);
    }

    @Test
    void nothingStaysLongerThanThePlanSays() {
        String hook = calls.create("https://example.com", "\"job.created\"", "");
        insert(hook, "'" + hook + "'", "failed", 50);
        WebhookCalls.execute(server, "update organization set plan_tier = 'free' where id = " + org());
        var history = new History(server.database.db(), server.clock, new Plans(false), 0);
        prune(history);
        assertThat(left("true")).isEqualTo(50);
        server.clock.advance(Duration.ofHours(24).minusSeconds(10));
        prune(history);
        assertThat(left("true")).isBetween(10, 12);
        server.clock.advance(Duration.ofSeconds(20));
        prune(history);
        assertThat(left("true")).isZero();
    }

    @Test
    void deliveriesOfADeletedWebhookGo() {
        String hook = calls.create("https://example.com", "\"job.created\"", "");
        insert(hook, "'" + hook + "'", "pending", 10);
        insert(UUID.randomUUID().toString(), "gen_random_uuid()", "failed", 10);
        server.call(calls.key(), "DELETE", "/outgoing-webhooks/" + hook, "");
        prune(server.webhooks.history());
        assertThat(left("true")).isZero();
    }

    @Test
    void whatWaitsForADisabledWebhookHasFailed() {
        String hook = calls.create("https://example.com", "\"job.created\"", "");
        insert(hook, "'" + hook + "'", "pending", 10);
        server.call(calls.key(), "PUT", "/outgoing-webhooks/" + hook, "{\"enabled\":false}");
        prune(server.webhooks.history());
        assertThat(left("status = 'failed' and next_at is null and error = 'the webhook was disabled'"))
                .isEqualTo(10);
    }
}
