package dev.spooled.orgs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.TestServer;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/// Organizations over HTTP.
class OrgsHttpTest {
    private static final TestServer SERVER = new TestServer();

    @AfterAll
    static void close() {
        SERVER.close();
    }

    private static HttpResponse<String> create(String slug, String more) {
        return SERVER.send(SERVER.to("/api/v1/admin/organizations")
                .header("X-Admin-Key", TestServer.ADMIN_KEY)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString("{\"name\":\"Org\",\"slug\":\"" + slug + "\"" + more + "}")));
    }

    @Test
    void anOrganizationComesWithItsFirstKey() {
        HttpResponse<String> made = create("first-of-all", ",\"settings\":{\"a\":1}");
        assertThat(made.statusCode()).isEqualTo(201);
        assertThat(made.body()).contains("\"key\":\"sk_live_", "\"slug\":\"first-of-all\"");
        assertThat(create("first-of-all", "").statusCode()).isEqualTo(409);
    }

    /// jsonb has no place for such a number: it must be refused, not fail.
    @Test
    void settingsTheDatabaseCannotHoldAreRefused() {
        HttpResponse<String> refused = create("huge-number", ",\"settings\":{\"a\":1e100000}");
        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(refused.body()).contains("\"code\":\"VALIDATION_ERROR\"");
        assertThat(create("huge-limit", ",\"custom_limits\":{\"a\":1e100000}").statusCode())
                .isEqualTo(400);
        assertThat(create("huge-number", "").statusCode()).isEqualTo(201);
    }
}
