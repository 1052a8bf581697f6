package dev.spooled.access;

import dev.spooled.access.Claims.Type;
import dev.spooled.access.Remembered.Holder;
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
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Signing in: a key, or a person known by e-mail, becomes a pair of tokens. A token holds as long as the key or
/// membership behind it, with the queues and scope that has now; revoked ones are in the database, so that one revoked
/// here is refused everywhere within the seconds that `Remembered` keeps.
///
/// Refresh tokens may be used again and again, as clients do. One that asked for rotation puts its family under watch:
/// from then on a refresh token that was replaced ends all tokens of its login.
public final class Sessions {
    private static final Statements SQL = Statements.beside(Sessions.class, "sessions.sql");
    private static final Sql KEY_BEHIND = SQL.get("key_behind");
    private static final Sql PERSON_BEHIND = SQL.get("person_behind");
    private static final Sql REVOKE = SQL.get("revoke");
    private static final Sql ROTATE = SQL.get("rotate");
    private static final Sql NEWEST = SQL.get("newest");
    private static final int REFRESH_LIVES = 24;

    private final Db db;
    private final Clock clock;
    private final Tokens tokens;
    private final Remembered remembered;
    private final Duration life;

    /// `life` is that of an access token; a refresh token lives 24 times as long.
    public Sessions(Db db, Clock clock, SigningKeys keys, Remembered remembered, Duration life) {
        this.db = db;
        this.clock = clock;
        this.tokens = new Tokens(keys);
        this.remembered = remembered;
        this.life = life;
    }

    /// Tokens as handed out; `refresh` is null where only an access token was made.
    public record Pair(
            String access, Duration accessLife, @Nullable String refresh, Duration refreshLife) {
        @Override
        public String toString() {
            return "tokens";
        }
    }

    public Pair open(Caller caller) {
        UUID family = UUID.randomUUID();
        return new Pair(token(Type.ACCESS, caller, family), life, token(Type.REFRESH, caller, family), refreshLife());
    }

    /// Who an access token stands for now; nobody for any other text.
    Optional<Caller> caller(String token) {
        return holder(token, Type.ACCESS)
                .filter(holder -> holder.isInForce(clock.now()))
                .map(Holder::caller);
    }

    /// As `caller`, also for a token that has run out.
    Optional<Caller> behind(String token) {
        return remembered
                .find(
                        RawKey.sha256("open " + token),
                        begun -> tokens.read(token)
                                .filter(claims -> claims.type() == Type.ACCESS)
                                .flatMap(claims -> standing(claims, begun)))
                .filter(holder -> holder.isInForce(clock.now()))
                .map(Holder::caller);
    }

    /// What an access or refresh token in force says.
    Optional<Claims> valid(String token) {
        return tokens.read(token)
                .filter(claims -> holder(token, claims.type())
                        .filter(holder -> holder.isInForce(clock.now()))
                        .isPresent());
    }

    /// A new access token; with `rotate` a new refresh token, too, and the one presented is of no more use.
    Pair refresh(String refreshToken, boolean rotate) {
        Claims claims = tokens.read(refreshToken).orElseThrow(Sessions::refused);
        Caller caller = holder(refreshToken, Type.REFRESH)
                .filter(holder -> holder.isInForce(clock.now()))
                .map(Holder::caller)
                .orElseThrow(Sessions::refused);
        String access = token(Type.ACCESS, caller, claims.family());
        if (rotate) {
            Claims next = claims(Type.REFRESH, caller, claims.family());
            replace(claims, next, caller);
            return new Pair(access, life, tokens.write(next), refreshLife());
        }
        checkNewest(claims);
        return new Pair(access, life, null, refreshLife());
    }

    /// Ends an access token, and with `refreshToken` (of the same organization; any other is passed over) that one,
    /// too.
    void close(String accessToken, @Nullable String refreshToken) {
        tokens.read(accessToken).ifPresent(claims -> {
            revoke(claims.id(), claims.expiresAt());
            Optional.ofNullable(refreshToken)
                    .flatMap(tokens::read)
                    .filter(other -> other.organization().equals(claims.organization()))
                    .ifPresent(other -> revoke(other.id(), other.expiresAt()));
        });
    }

    private void replace(Claims presented, Claims next, Caller caller) {
        Args args = Args.of("family", presented.family())
                .and("org", caller.org())
                .and("jti", presented.id())
                .and("next", next.id())
                .and("expires_at", next.expiresAt());
        boolean replaced =
                db.asEngine(tx -> tx.first(ROTATE, args, row -> row.uuid("id")).isPresent());
        if (!replaced) {
            endFamily(presented);
        }
    }

    private void checkNewest(Claims presented) {
        List<UUID> newest = db.readAsEngine(NEWEST, Args.of("family", presented.family()), row -> row.uuid("newest"));
        if (!newest.isEmpty() && !newest.getFirst().equals(presented.id())) {
            endFamily(presented);
        }
    }

    /// A replaced token came back: somebody has it who should not, so nobody keeps what came of that login.
    private void endFamily(Claims presented) {
        revoke(presented.family(), clock.now().plus(refreshLife()));
        throw refused();
    }

    private void revoke(UUID id, Instant expiresAt) {
        db.asEngine(tx -> tx.run(REVOKE, Args.of("jti", id).and("expires_at", expiresAt)));
        remembered.forget(id);
    }

    /// Remembered under kind and text together, so that no kind of token passes for another.
    private Optional<Holder> holder(String token, Type type) {
        return remembered.find(
                RawKey.sha256(type + " " + token),
                begun -> tokens.read(token)
                        .filter(claims -> claims.type() == type && claims.isInForce(clock.now()))
                        .flatMap(
                                claims -> standing(claims, begun).map(holder -> endingBy(holder, claims.expiresAt()))));
    }

    /// The key or person behind a token that has not been revoked, whenever it ends.
    private Optional<Holder> standing(Claims claims, long begun) {
        Args args = Args.of("actor", claims.actor().id())
                .and("organization", claims.organization())
                .and("jti", claims.id())
                .and("family", claims.family());
        List<UUID> hangsOn = List.of(claims.id(), claims.family());
        return switch (claims.actor().kind()) {
            case KEY -> first(db.readAsEngine(KEY_BEHIND, args, row -> ApiKeys.holder(row, begun, hangsOn)));
            case PERSON -> first(db.readAsEngine(PERSON_BEHIND, args, row -> person(row, begun, claims)));
        };
    }

    private static Holder endingBy(Holder holder, Instant end) {
        Instant ownEnd = holder.endsAt();
        boolean sooner = ownEnd != null && ownEnd.isBefore(end);
        return new Holder(holder.readAtNanos(), holder.caller(), holder.hangsOn(), sooner ? ownEnd : end);
    }

    private static Holder person(Row row, long begun, Claims claims) throws SQLException {
        UUID organization = row.uuid("public_id");
        UUID person = row.uuid("id");
        Scope scope = row.text("role").equals("member") ? Scope.OPERATE : Scope.ADMIN;
        var caller = new Caller(
                row.integer("org"),
                organization,
                row.bool("strict_leases"),
                Actor.person(person),
                Set.of(),
                scope,
                null);
        var hangsOn = List.of(claims.id(), claims.family(), organization, person);
        return new Holder(begun, caller, hangsOn, null);
    }

    private String token(Type type, Caller caller, UUID family) {
        return tokens.write(claims(type, caller, family));
    }

    private Claims claims(Type type, Caller caller, UUID family) {
        Instant now = clock.now().truncatedTo(ChronoUnit.SECONDS);
        List<String> queues = caller.queues().isEmpty()
                ? List.of("*")
                : caller.queues().stream().sorted().toList();
        Duration lives = type == Type.ACCESS ? life : refreshLife();
        return new Claims(
                type, caller.organization(), caller.actor(), queues, now, now.plus(lives), UUID.randomUUID(), family);
    }

    private Duration refreshLife() {
        return life.multipliedBy(REFRESH_LIVES);
    }

    private static <T> Optional<T> first(List<T> found) {
        return found.stream().findFirst();
    }

    private static Refused refused() {
        return new Refused(new Refusal.Unauthenticated("The refresh token is not valid"));
    }
}
