package dev.spooled.access;

import dev.spooled.json.Json;
import dev.spooled.json.JsonObject;
import dev.spooled.json.JsonWriter;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import dev.spooled.time.Clock;
import dev.spooled.web.Answer;
import dev.spooled.web.Body;
import dev.spooled.web.Door;
import dev.spooled.web.Peer;
import dev.spooled.web.Routes;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/// Signing in with a key over HTTP, and what is done with tokens. Failed logins are counted by where they come from and
/// by the key that was tried. Only failed ones, so nobody is locked out by others behind the same address.
public final class SessionsHttp implements Door {
    private static final int LOGINS_A_MINUTE = 5;
    private static final String TOO_MANY = "Too many failed logins, try again later";
    private static final Instant FOR_EVER = Instant.parse("9999-12-31T00:00:00Z");

    private final Sessions sessions;
    private final Credentials credentials;
    private final OwnKeys keys;
    private final Authenticate authenticate;
    private final Attempts failures;

    public SessionsHttp(
            Sessions sessions, Credentials credentials, OwnKeys keys, Authenticate authenticate, Clock clock) {
        this.sessions = sessions;
        this.credentials = credentials;
        this.keys = keys;
        this.authenticate = authenticate;
        this.failures = new Attempts(clock, LOGINS_A_MINUTE, Duration.ofMinutes(1));
    }

    @Override
    public void open(Routes routes) {
        routes.post("/api/v1/auth/login", this::login)
                .post("/api/v1/auth/refresh", this::refresh)
                .post("/api/v1/auth/validate", this::validate)
                .get("/api/v1/auth/me", authenticate.read(this::me))
                .post("/api/v1/auth/logout", authenticate.read(this::logout));
    }

    private void login(ServerRequest request, ServerResponse response) {
        String key = Body.json(request, Body.SINGLE_BYTES).text("api_key").strip();
        Caller caller = caller(request, key);
        Answer.json(request, response, 200, Json.write(to -> write(to, sessions.open(caller))));
    }

    /// A token is no key: it could prolong itself for ever.
    private Caller caller(ServerRequest request, String key) {
        try {
            if (Credentials.isToken(key)) {
                throw new Refused(new Refusal.Unauthenticated("The API key is not valid"));
            }
            return credentials.caller(key);
        } catch (Refused refused) {
            if (refused.refusal() instanceof Refusal.Unauthenticated) {
                failures.count(Peer.networkOf(request), TOO_MANY);
                failures.count(RawKey.fingerprint(key), TOO_MANY);
            }
            throw refused;
        }
    }

    private void refresh(ServerRequest request, ServerResponse response) {
        JsonObject body = Body.json(request, Body.SINGLE_BYTES);
        boolean rotate = Objects.requireNonNullElse(body.flagOrNull("rotate"), false);
        Sessions.Pair made = sessions.refresh(body.text("refresh_token").strip(), rotate);
        Answer.json(request, response, 200, Json.write(to -> write(to, made)));
    }

    private void validate(ServerRequest request, ServerResponse response) {
        String token = Body.json(request, Body.SINGLE_BYTES).text("token").strip();
        Optional<Claims> claims = sessions.valid(token);
        Answer.json(request, response, 200, Json.write(to -> writeVerdict(to, claims)));
    }

    private void me(ServerRequest request, ServerResponse response, Caller caller) {
        String presented = Authenticate.presented(request.headers()).orElseThrow();
        Period period = Credentials.isToken(presented) ? period(presented) : period(caller);
        Answer.json(
                request,
                response,
                200,
                Json.write(to -> to.id("organization_id", caller.organization())
                        .id("api_key_id", caller.actor().id())
                        .id("id", caller.actor().id())
                        .text("name", period.name())
                        .text("role", caller.scope() == Scope.ADMIN ? "admin" : "member")
                        .texts("queues", period.queues(caller))
                        .texts("scopes", List.of(caller.scope().word()))
                        .time("issued_at", period.from())
                        .time("expires_at", period.until())));
    }

    private void logout(ServerRequest request, ServerResponse response, Caller caller) {
        String refreshToken = Body.optionalJson(request).textOrNull("refresh_token");
        String presented = Authenticate.presented(request.headers()).orElseThrow();
        if (Credentials.isToken(presented)) {
            sessions.close(presented, refreshToken);
        }
        Answer.nothing(response);
    }

    /// Since when and until when a credential holds.
    private record Period(String name, Instant from, Instant until) {
        List<String> queues(Caller caller) {
            return caller.queues().isEmpty()
                    ? List.of("*")
                    : caller.queues().stream().sorted().toList();
        }
    }

    private Period period(String token) {
        Claims claims = sessions.valid(token)
                .orElseThrow(() -> new Refused(new Refusal.Unauthenticated("The API key or token is not valid")));
        return new Period(claims.actor().toString(), claims.issuedAt(), claims.expiresAt());
    }

    private Period period(Caller caller) {
        KeyView key = keys.get(caller, caller.actor().id());
        return new Period(key.name(), key.createdAt(), Objects.requireNonNullElse(key.expiresAt(), FOR_EVER));
    }

    /// An access token alone when there is no refresh token to tell.
    public static void write(JsonWriter to, Sessions.Pair tokens) {
        to.text("access_token", tokens.access())
                .text("token_type", "Bearer")
                .number("expires_in", tokens.accessLife().toSeconds());
        if (tokens.refresh() != null) {
            to.text("refresh_token", tokens.refresh())
                    .number("refresh_expires_in", tokens.refreshLife().toSeconds());
        }
    }

    private static void writeVerdict(JsonWriter to, Optional<Claims> found) {
        to.flag("valid", found.isPresent());
        if (found.isEmpty()) {
            to.text("error", "invalid_token").text("message", "The token is malformed, expired or revoked");
            return;
        }
        Claims claims = found.get();
        to.id("organization_id", claims.organization())
                .id("api_key_id", claims.actor().id())
                .time("expires_at", claims.expiresAt())
                .object("claims", inner -> writeClaims(inner, claims));
    }

    private static void writeClaims(JsonWriter to, Claims claims) {
        to.id("sub", claims.organization())
                .id("org_id", claims.organization())
                .id("organization_id", claims.organization())
                .id("api_key_id", claims.actor().id())
                .texts("queues", claims.queues())
                .text("token_type", claims.type().word())
                .number("iat", claims.issuedAt().getEpochSecond())
                .number("nbf", claims.issuedAt().getEpochSecond())
                .number("exp", claims.expiresAt().getEpochSecond())
                .id("jti", claims.id());
    }
}
