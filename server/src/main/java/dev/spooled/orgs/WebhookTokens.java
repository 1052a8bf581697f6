package dev.spooled.orgs;

import dev.spooled.access.Caller;
import dev.spooled.access.Seal;
import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.Row;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.db.Tx;
import dev.spooled.time.Clock;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/// The token that lets others send an organization jobs. Each organization starts with one and may rotate or clear it;
/// a cleared one is not asked for. It is kept sealed, to be shown again, and as a hash, to be compared.
public final class WebhookTokens {
    private static final Statements SQL = Statements.beside(WebhookTokens.class, "orgs.sql");
    private static final Sql SET = SQL.get("set_webhook_token");
    private static final Sql GET = SQL.get("webhook_token");
    private static final int RANDOM_BYTES = 32;
    private static final SecureRandom RANDOM = new SecureRandom();

    private final Db db;
    private final Clock clock;
    private final Seal seal;

    public WebhookTokens(Db db, Clock clock, Seal seal) {
        this.db = db;
        this.clock = clock;
        this.seal = seal;
    }

    /// Gives an organization its first token within the transaction that makes it.
    String mint(Tx tx, int org) {
        return mint(tx, org, Duration.ZERO);
    }

    private String mint(Tx tx, int org, Duration overlap) {
        byte[] random = new byte[RANDOM_BYTES];
        RANDOM.nextBytes(random);
        String token = "whk_" + Base64.getUrlEncoder().withoutPadding().encodeToString(random);
        tx.run(
                SET,
                Args.of("org", org)
                        .and("hash", hash(token))
                        .and("sealed", seal.close(use(org), token))
                        .and("former_ends_at", clock.now().plus(overlap))
                        .and("now", clock.now()));
        return token;
    }

    Optional<String> get(Caller caller) {
        List<byte[]> sealed = db.readInOrg(caller.org(), GET, Args.of("org", caller.org()), WebhookTokens::sealed);
        return sealed.stream().filter(it -> it.length > 0).findFirst().map(it -> seal.open(use(caller.org()), it));
    }

    /// The token before it holds for `overlap` more.
    String rotate(Caller caller, Duration overlap) {
        caller.checkUnrestricted();
        return db.inOrg(caller.org(), tx -> mint(tx, caller.org(), overlap));
    }

    void clear(Caller caller) {
        caller.checkUnrestricted();
        Args args = Args.of("org", caller.org())
                .and("hash", null)
                .and("sealed", null)
                .and("former_ends_at", null)
                .and("now", clock.now());
        db.inOrg(caller.org(), tx -> tx.run(SET, args));
    }

    private static byte[] sealed(Row row) throws java.sql.SQLException {
        return row.bytes("sealed");
    }

    private static String use(int org) {
        return "webhook-token:" + org;
    }

    /// By which a token is known.
    public static byte[] hash(String token) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
