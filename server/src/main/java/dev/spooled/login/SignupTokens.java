package dev.spooled.login;

import com.nimbusds.jwt.JWTClaimsSet;
import dev.spooled.access.SigningKeys;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import dev.spooled.time.Clock;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.UUID;

/// Proof of an address between the two steps of signing up: a token of a type that nothing else takes.
final class SignupTokens {
    static final Duration LIFE = Duration.ofMinutes(30);

    private static final String TYPE = "signup";

    private final SigningKeys keys;
    private final Clock clock;

    SignupTokens(SigningKeys keys, Clock clock) {
        this.keys = keys;
        this.clock = clock;
    }

    record Proof(UUID id, String email, Instant expiresAt) {}

    String write(String email) {
        Instant now = clock.now();
        return keys.sign(new JWTClaimsSet.Builder()
                .subject(email)
                .claim("token_type", TYPE)
                .issueTime(Date.from(now))
                .expirationTime(Date.from(now.plus(LIFE)))
                .jwtID(UUID.randomUUID().toString())
                .build());
    }

    Proof read(String token) {
        return keys.read(token)
                .map(SignupTokens::proof)
                .filter(proof -> proof.expiresAt().isAfter(clock.now()))
                .orElseThrow(() -> new Refused(new Refusal.Unauthenticated("The signup token is not valid")));
    }

    private static @org.jspecify.annotations.Nullable Proof proof(JWTClaimsSet set) {
        try {
            return TYPE.equals(set.getStringClaim("token_type"))
                    ? new Proof(
                            UUID.fromString(set.getJWTID()),
                            set.getSubject(),
                            set.getExpirationTime().toInstant())
                    : null;
        } catch (ParseException e) {
            return null;
        }
    }
}
