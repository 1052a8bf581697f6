package dev.spooled.access;

import com.nimbusds.jwt.JWTClaimsSet;
import java.text.ParseException;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Claims as tokens and back. What is not exactly a token of ours is none.
final class Tokens {
    private final SigningKeys keys;

    Tokens(SigningKeys keys) {
        this.keys = keys;
    }

    String write(Claims claims) {
        var set = new JWTClaimsSet.Builder()
                .subject(claims.organization().toString())
                .claim("org_id", claims.organization().toString())
                .claim(idClaim(claims.actor().kind()), claims.actor().id().toString())
                .claim("queues", claims.queues())
                .claim("token_type", claims.type().word())
                .claim("family", claims.family().toString())
                .issueTime(Date.from(claims.issuedAt()))
                .notBeforeTime(Date.from(claims.issuedAt()))
                .expirationTime(Date.from(claims.expiresAt()))
                .jwtID(claims.id().toString())
                .build();
        return keys.sign(set);
    }

    Optional<Claims> read(String text) {
        return keys.read(text).flatMap(Tokens::claims);
    }

    /// The claim that names who stands behind a token.
    static String idClaim(Actor.Kind kind) {
        return switch (kind) {
            case KEY -> "api_key_id";
            case PERSON -> "user_id";
        };
    }

    private static Optional<Claims> claims(JWTClaimsSet set) {
        try {
            Claims.Type type = type(set.getStringClaim("token_type"));
            Actor actor = actor(set);
            if (type == null || actor == null || set.getIssueTime() == null || set.getExpirationTime() == null) {
                return Optional.empty();
            }
            List<String> queues = set.getStringListClaim("queues");
            return Optional.of(new Claims(
                    type,
                    UUID.fromString(set.getStringClaim("org_id")),
                    actor,
                    queues == null ? List.of() : queues,
                    set.getIssueTime().toInstant(),
                    set.getExpirationTime().toInstant(),
                    UUID.fromString(set.getJWTID()),
                    UUID.fromString(set.getStringClaim("family"))));
        } catch (ParseException | IllegalArgumentException | NullPointerException e) {
            return Optional.empty();
        }
    }

    private static Claims.@Nullable Type type(@Nullable String word) {
        for (Claims.Type type : Claims.Type.values()) {
            if (type.word().equals(word)) {
                return type;
            }
        }
        return null;
    }

    private static @Nullable Actor actor(JWTClaimsSet set) throws ParseException {
        for (Actor.Kind kind : Actor.Kind.values()) {
            String id = set.getStringClaim(idClaim(kind));
            if (id != null) {
                return new Actor(kind, UUID.fromString(id));
            }
        }
        return null;
    }
}
