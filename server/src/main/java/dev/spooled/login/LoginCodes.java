package dev.spooled.login;

import dev.spooled.access.Seal;
import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import dev.spooled.time.Clock;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;

/// Codes of six digits that prove an e-mail address: one at a time, for ten minutes, for five guesses, five an hour.
/// That leaves a guesser 25 of a million an hour. Bounds are in the database and hold over all servers.
final class LoginCodes {
    static final Duration LIFE = Duration.ofMinutes(10);
    static final Duration WINDOW = Duration.ofHours(1);

    private static final Statements SQL = Statements.beside(LoginCodes.class, "login.sql");
    private static final Sql START = SQL.get("start");
    private static final Sql ATTEMPT = SQL.get("attempt");
    private static final Sql GUESSED_OUT = SQL.get("guessed_out");
    private static final Sql USE_UP = SQL.get("use_up");
    private static final int STARTS_A_WINDOW = 5;
    private static final int GUESSES = 5;
    private static final int CODES = 1_000_000;
    private static final SecureRandom RANDOM = new SecureRandom();

    private final Db db;
    private final Clock clock;
    private final Seal seal;

    LoginCodes(Db db, Clock clock, Seal seal) {
        this.db = db;
        this.clock = clock;
        this.seal = seal;
    }

    /// A new code for the address, or `RateLimited`.
    String start(String email) {
        String code = String.format(Locale.ROOT, "%06d", RANDOM.nextInt(CODES));
        Instant now = clock.now();
        Args args = Args.of("email", email)
                .and("mac", mac(email, code))
                .and("now", now)
                .and("expires_at", now.plus(LIFE))
                .and("window_from", now.minus(WINDOW))
                .and("max_starts", STARTS_A_WINDOW);
        boolean started = db.asEngine(tx -> tx.first(START, args, row -> true).isPresent());
        if (!started) {
            throw tooMany(STARTS_A_WINDOW, WINDOW, "Too many codes were sent to this address, try again later");
        }
        return code;
    }

    /// Uses the code up, or is refused: `Unauthenticated` for a wrong one, `RateLimited` after too many.
    void check(String email, String code) {
        Args args = Args.of("email", email).and("now", clock.now()).and("max_attempts", GUESSES);
        byte[] presented = mac(email, code.strip());
        Optional<Boolean> right = db.asEngine(tx -> {
            Optional<byte[]> expected = tx.first(ATTEMPT, args, row -> row.bytes("code_mac"));
            Optional<Boolean> equal = expected.map(it -> MessageDigest.isEqual(it, presented));
            if (equal.equals(Optional.of(true))) {
                tx.run(USE_UP, args);
            }
            return equal;
        });
        if (right.isEmpty() && !db.readAsEngine(GUESSED_OUT, args, row -> true).isEmpty()) {
            throw tooMany(GUESSES, LIFE, "Too many wrong codes; ask for a new one");
        }
        if (!right.equals(Optional.of(true))) {
            throw new Refused(new Refusal.Unauthenticated("The code is wrong or no longer valid"));
        }
    }

    private byte[] mac(String email, String code) {
        return seal.mac("login-code:" + email + ":" + code);
    }

    private Refused tooMany(int limit, Duration wait, String message) {
        long reset = Math.ceilDiv(clock.nowMillis() + wait.toMillis(), 1_000L);
        return new Refused(new Refusal.RateLimited(limit, 0, reset, (int) wait.toSeconds(), message));
    }
}
