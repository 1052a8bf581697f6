package dev.spooled.support;

import dev.spooled.access.ApiKeys;
import dev.spooled.access.Remembered;
import dev.spooled.access.Seal;
import dev.spooled.orgs.Organizations;
import dev.spooled.orgs.Usage;
import dev.spooled.orgs.WebhookTokens;
import dev.spooled.time.Clock;

/// Organizations for tests that need no server around them.
public final class TestOrganizations {
    private TestOrganizations() {}

    public static Organizations of(TestDb database, Clock clock, ApiKeys keys, Remembered remembered) {
        var tokens = new WebhookTokens(database.db(), clock, new Seal("seals-the-secrets-of-tests-only-123456"));
        var parts = new Organizations.Parts(keys, tokens, new Usage(database.db(), clock, 0), remembered);
        return new Organizations(database.db(), clock, parts, "enterprise");
    }
}
