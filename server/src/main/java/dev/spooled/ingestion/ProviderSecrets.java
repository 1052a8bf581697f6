package dev.spooled.ingestion;

import dev.spooled.access.Caller;
import dev.spooled.access.Seal;
import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.Row;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import dev.spooled.time.Clock;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Secrets that providers sign with: an organization's own, kept sealed, or else the server's. One that is replaced may
/// hold on for a while, so that nothing is lost between the change here and at the provider.
public final class ProviderSecrets {
    private static final Statements SQL = Statements.beside(ProviderSecrets.class, "ingestion.sql");
    private static final Sql RECIPIENT = SQL.get("recipient");
    private static final Sql KEEP = SQL.get("keep_secret");
    private static final Sql FORGET = SQL.get("forget_secret");
    private static final Sql LIST = SQL.get("secrets");

    private final Db db;
    private final Clock clock;
    private final Seal seal;
    private final Map<String, String> ofServer;

    /// `ofServer` are the server's own secrets by the names of the providers.
    public ProviderSecrets(Db db, Clock clock, Seal seal, Map<String, String> ofServer) {
        this.db = db;
        this.clock = clock;
        this.seal = seal;
        this.ofServer = Map.copyOf(ofServer);
    }

    /// That an organization has a secret, since when, and how long the one before it still holds.
    record Kept(
            String provider, Instant updatedAt, @Nullable Instant formerEndsAt) {}

    void keep(Caller caller, Adapter adapter, String secret, Duration overlap) {
        caller.checkUnrestricted();
        Instant now = clock.now();
        Args args = args(caller, adapter)
                .and("sealed", seal.close(use(caller.org(), adapter.word()), secret))
                .and("former_ends_at", now.plus(overlap))
                .and("now", now);
        db.inOrg(caller.org(), tx -> tx.run(KEEP, args));
    }

    void forget(Caller caller, Adapter adapter) {
        caller.checkUnrestricted();
        int gone = db.inOrg(caller.org(), tx -> tx.run(FORGET, args(caller, adapter)));
        if (gone == 0) {
            throw new Refused(new Refusal.NotFound("There is no secret for " + adapter.word()));
        }
    }

    List<Kept> list(Caller caller) {
        Args args = Args.of("org", caller.org()).and("now", clock.now());
        return db.readInOrg(
                caller.org(),
                LIST,
                args,
                row -> new Kept(row.text("provider"), row.instant("updated_at"), row.instantOrNull("former_ends_at")));
    }

    /// The server's own secret at a provider.
    Optional<String> ofServer(Adapter adapter) {
        return Optional.ofNullable(ofServer.get(adapter.word()));
    }

    /// The organization of that public id, unless there is none or it is deleted. `provider` is the one whose secrets
    /// are wanted.
    Optional<Recipient> recipient(UUID organization, String provider) {
        Args args =
                Args.of("organization", organization).and("provider", provider).and("now", clock.now());
        return db.asEngine(tx -> tx.first(RECIPIENT, args, row -> recipient(row, organization, provider)));
    }

    private Recipient recipient(Row row, UUID organization, String provider) throws SQLException {
        int org = row.integer("id");
        List<String> secrets = present(row, "secret", "former_secret").stream()
                .map(closed -> seal.open(use(org, provider), closed))
                .toList();
        return new Recipient(
                org, organization, row.bool("strict_leases"), present(row, "token", "former_token"), secrets);
    }

    private static List<byte[]> present(Row row, String... columns) throws SQLException {
        var found = new ArrayList<byte[]>();
        for (String column : columns) {
            byte[] bytes = row.bytesOrNull(column);
            if (bytes != null) {
                found.add(bytes);
            }
        }
        return found;
    }

    private static Args args(Caller caller, Adapter adapter) {
        return Args.of("org", caller.org()).and("provider", adapter.word());
    }

    private static String use(int org, String provider) {
        return "provider-secret:" + provider + ":" + org;
    }
}
