package dev.spooled.support;

import dev.spooled.access.ApiKeys;
import dev.spooled.access.Remembered;
import dev.spooled.access.Seal;
import dev.spooled.orgs.Limits;
import dev.spooled.orgs.Organizations;
import dev.spooled.orgs.Plans;
import dev.spooled.orgs.Usage;
import dev.spooled.orgs.WebhookTokens;
import dev.spooled.time.Clock;

/// Organizations for tests that need no server around them.
public final class TestOrganizations {
    private TestOrganizations() {}

    /// Nobody is limited.
    public static Limits limits(TestDb database, Clock clock) {
        return new Limits(database.db(), clock, new Plans(true), new Usage(database.db(), clock));
    }

    public static Organizations of(TestDb database, Clock clock, ApiKeys keys, Remembered remembered) {
        var tokens = new WebhookTokens(database.db(), clock, new Seal("seals-the-secrets-of-tests-only-123456"));
        var usage = new Usage(database.db(), clock);
        var parts = new Organizations.Parts(keys, tokens, usage, remembered, limits(database, clock));
        return new Organizations(database.db(), clock, parts, "enterprise");
    }
}
