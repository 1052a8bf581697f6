package dev.spooled.access;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import dev.spooled.support.TestServer;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/// Tokens over HTTP: what opens a session, what prolongs it, and all that ends it. Each test has an organization of its
/// own.
final class SessionsHttpTest {
    private static final TestServer SERVER = new TestServer();

    @AfterAll
    static void close() {
        SERVER.close();
    }

    private final String key = SERVER.otherOrganization();

    private static HttpResponse<String> post(String path, String json) {
        return SERVER.send(SERVER.to("/api/v1/auth" + path)
                .header("Content-Type", "application/json")
                .POST(java.net.http.HttpRequest.BodyPublishers.ofString(json)));
    }

    private static String text(String json, String name) {
        Matcher found = Pattern.compile("\"" + name + "\":\"([^\"]*)\"").matcher(json);
        assertThat(found.find()).as(name + " in " + json).isTrue();
        return found.group(1);
    }

    private static String login(String by) {
        HttpResponse<String> answer = post("/login", "{\"api_key\":\"" + by + "\"}");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return answer.body();
    }

    private static int status(String bearer) {
        return SERVER.get(bearer, "/auth/me").statusCode();
    }

    private static HttpResponse<String> refresh(String token, boolean rotate) {
        return post("/refresh", "{\"refresh_token\":\"" + token + "\"" + (rotate ? ",\"rotate\":true}" : "}"));
    }

    @Test
    void aKeyBecomesTokensThatActAsTheKey() throws ParseException {
        String made = login(" " + key + " ");
        assertThat(made)
                .contains("\"token_type\":\"Bearer\"", "\"expires_in\":86400", "\"refresh_expires_in\":2073600");
        String access = text(made, "access_token");
        JWTClaimsSet claims = SignedJWT.parse(access).getJWTClaimsSet();
        assertThat(claims.getStringClaim("token_type")).isEqualTo("access");
        assertThat(claims.getStringClaim("org_id")).isEqualTo(claims.getSubject());
        assertThat(claims.getStringListClaim("queues")).containsExactly("*");
        String me = SERVER.get(access, "/auth/me").body();
        assertThat(me)
                .contains("\"organization_id\":\"" + claims.getSubject() + "\"")
                .contains("\"api_key_id\":\"" + claims.getStringClaim("api_key_id") + "\"")
                .contains("\"issued_at\":\"2026-11-25T12:", "\"expires_at\":\"2026-11-26T12:");
        assertThat(SERVER.get(key, "/auth/me").body())
                .contains("\"name\":\"Initial Admin Key\"", "\"expires_at\":\"9999-");
        assertThat(SERVER.post(access, "/jobs", "{\"queue_name\":\"a\",\"payload\":{}}")
                        .statusCode())
                .isEqualTo(201);
        assertThat(SERVER.get(access, "/auth/me").headers().firstValue("X-RateLimit-Limit"))
                .isPresent();
        assertThat(SERVER.send(SERVER.to("/api/v1/auth/me").header("X-API-Key", access))
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    void credentialsInTheQueryAreRefused() {
        String access = text(login(key), "access_token");
        for (String query : List.of("?token=" + access, "?api_key=" + key, "?token=", "?token=x&limit=1")) {
            assertThat(SERVER.send(SERVER.to("/api/v1/jobs" + query)).statusCode())
                    .isEqualTo(401);
            assertThat(SERVER.get(key, "/jobs" + query).statusCode()).isEqualTo(401);
        }
        assertThat(SERVER.send(SERVER.to("/health?token=x")).statusCode()).isEqualTo(401);
    }

    @Test
    void aRefreshTokenGivesAccessTokensAndNothingElse() {
        String made = login(key);
        String refresh = text(made, "refresh_token");
        assertThat(status(refresh)).isEqualTo(401);
        for (int i = 0; i < 3; i++) {
            String next = refresh(refresh, false).body();
            assertThat(next).doesNotContain("refresh_token");
            assertThat(text(next, "access_token")).isNotEqualTo(text(made, "access_token"));
            assertThat(status(text(next, "access_token"))).isEqualTo(200);
        }
        assertThat(refresh(text(made, "access_token"), false).statusCode()).isEqualTo(401);
        assertThat(refresh(key, false).statusCode()).isEqualTo(401);
        assertThat(post("/login", "{\"api_key\":\"" + text(made, "access_token") + "\"}")
                        .statusCode())
                .isEqualTo(401);
    }

    @Test
    void aReplacedRefreshTokenThatComesBackEndsTheLogin() {
        String first = login(key);
        String other = login(key);
        String second = refresh(text(first, "refresh_token"), true).body();
        String third = refresh(text(second, "refresh_token"), true).body();
        assertThat(refresh(text(third, "refresh_token"), false).statusCode()).isEqualTo(200);
        assertThat(status(text(third, "access_token"))).isEqualTo(200);
        assertThat(refresh(text(first, "refresh_token"), false).statusCode()).isEqualTo(401);
        for (String token : List.of(text(first, "access_token"), text(third, "access_token"))) {
            assertThat(status(token)).isEqualTo(401);
        }
        assertThat(refresh(text(third, "refresh_token"), true).statusCode()).isEqualTo(401);
        assertThat(status(text(other, "access_token"))).isEqualTo(200);
        assertThat(refresh(text(other, "refresh_token"), false).statusCode()).isEqualTo(200);
    }

    /// Of many who rotate the same token at once one gets a successor; the others are reuse.
    @Test
    void oneRotationWins() throws Exception {
        String refresh = text(login(key), "refresh_token");
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Callable<Integer> rotate = () -> refresh(refresh, true).statusCode();
            var answers = threads.invokeAll(java.util.Collections.nCopies(8, rotate)).stream()
                    .map(java.util.concurrent.Future::resultNow)
                    .toList();
            assertThat(answers).containsOnlyOnce(200).contains(401);
        }
    }

    @Test
    void logoutEndsBothTokens() {
        String made = login(key);
        String access = text(made, "access_token");
        String refresh = text(made, "refresh_token");
        String foreign = text(login(SERVER.otherOrganization()), "refresh_token");
        assertThat(SERVER.post(access, "/auth/logout", "{\"refresh_token\":\"" + foreign + "\"}")
                        .statusCode())
                .isEqualTo(204);
        assertThat(status(access)).isEqualTo(401);
        assertThat(refresh(foreign, false).statusCode()).isEqualTo(200);
        String again = text(refresh(refresh, false).body(), "access_token");
        assertThat(SERVER.post(again, "/auth/logout", "{\"refresh_token\":\"" + refresh + "\"}")
                        .statusCode())
                .isEqualTo(204);
        assertThat(refresh(refresh, false).statusCode()).isEqualTo(401);
        assertThat(SERVER.post(key, "/auth/logout", "").statusCode()).isEqualTo(204);
        assertThat(status(key)).isEqualTo(200);
    }

    @Test
    void aTokenEndsWithItsKeyAndFollowsItsScope() {
        String made = SERVER.post(key, "/api-keys", "{\"name\":\"n\",\"queues\":[\"a\"]}")
                .body();
        String access = text(login(text(made, "key")), "access_token");
        String enqueue = "{\"queue_name\":\"b\",\"payload\":{}}";
        assertThat(SERVER.post(access, "/jobs", enqueue).statusCode()).isEqualTo(403);
        SERVER.call(key, "PUT", "/api-keys/" + text(made, "id"), "{\"queues\":[\"b\"]}");
        assertThat(SERVER.post(access, "/jobs", enqueue).statusCode()).isEqualTo(201);
        SERVER.call(key, "DELETE", "/api-keys/" + text(made, "id"), "");
        assertThat(status(access)).isEqualTo(401);
        assertThat(post("/validate", "{\"token\":\"" + access + "\"}").body()).contains("\"valid\":false");
    }

    @Test
    void tokensAndKeysExpire() {
        try (var server = new TestServer()) {
            var answer = server.send(server.to("/api/v1/auth/login")
                    .POST(java.net.http.HttpRequest.BodyPublishers.ofString("{\"api_key\":\"" + server.key + "\"}")));
            String access = text(answer.body(), "access_token");
            assertThat(server.get(access, "/auth/me").statusCode()).isEqualTo(200);
            server.clock.advance(Duration.ofHours(24));
            assertThat(server.get(access, "/auth/me").statusCode()).isEqualTo(401);
        }
    }

    @Test
    void validateSaysWhatATokenIs() {
        String made = login(key);
        String good = post("/validate", "{\"token\":\"" + text(made, "access_token") + "\"}")
                .body();
        assertThat(good)
                .contains("\"valid\":true", "\"token_type\":\"access\"", "\"organization_id\":\"", "\"jti\":\"");
        for (String token : List.of("", "x", key, text(made, "access_token") + "x")) {
            var answer = post("/validate", "{\"token\":\"" + token + "\"}");
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.body()).contains("\"valid\":false", "\"error\":\"invalid_token\"");
        }
        assertThat(post("/validate", "{}").statusCode()).isEqualTo(400);
    }

    /// Tokens nobody signed, signed otherwise, of another type, or with parts missing.
    @Test
    void forgedTokensAreRefused() throws Exception {
        SignedJWT good = SignedJWT.parse(text(login(key), "access_token"));
        JWTClaimsSet claims = good.getJWTClaimsSet();
        String id = good.getHeader().getKeyID();
        assertThat(status(signed(JWSAlgorithm.HS256, id, TestServer.JWT_SECRET, claims)))
                .isEqualTo(200);
        String none = new PlainJWT(claims).serialize();
        var withoutOrganization =
                new JWTClaimsSet.Builder(claims).claim("org_id", null).build();
        var ofNobody = new JWTClaimsSet.Builder(claims)
                .claim("api_key_id", UUID.randomUUID().toString())
                .build();
        var ofAnother = new JWTClaimsSet.Builder(claims)
                .claim("org_id", SERVER.organization.toString())
                .build();
        String encoded = Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(ofAnother.toString().getBytes(StandardCharsets.UTF_8));
        var ofNoType =
                new JWTClaimsSet.Builder(claims).claim("token_type", "signup").build();
        for (String token : List.of(
                none,
                none + "x",
                "eyJ",
                "eyJ.eyJ.eyJ",
                good.getParsedParts()[0] + "." + encoded + "." + good.getParsedParts()[2],
                signed(JWSAlgorithm.HS256, id, "another-secret-of-more-than-32-letters", claims),
                signed(JWSAlgorithm.HS256, "other", TestServer.JWT_SECRET, claims),
                signed(JWSAlgorithm.HS256, null, TestServer.JWT_SECRET, claims),
                signed(JWSAlgorithm.HS384, id, TestServer.JWT_SECRET + TestServer.JWT_SECRET, claims),
                signed(JWSAlgorithm.HS256, id, TestServer.JWT_SECRET, withoutOrganization),
                signed(JWSAlgorithm.HS256, id, TestServer.JWT_SECRET, ofNobody),
                signed(JWSAlgorithm.HS256, id, TestServer.JWT_SECRET, ofAnother),
                signed(JWSAlgorithm.HS256, id, TestServer.JWT_SECRET, ofNoType),
                "eyJ" + "a".repeat(9_000))) {
            assertThat(status(token)).as(token).isEqualTo(401);
        }
    }

    private static String signed(
            JWSAlgorithm algorithm, @org.jspecify.annotations.Nullable String id, String secret, JWTClaimsSet claims)
            throws Exception {
        var token = new SignedJWT(
                new JWSHeader.Builder(algorithm)
                        .type(JOSEObjectType.JWT)
                        .keyID(id)
                        .build(),
                claims);
        token.sign(new MACSigner(secret));
        return token.serialize();
    }

    @Test
    void aWrongKeyIsLimitedWhereverItComesFrom() {
        try (var server = TestServer.behindProxy(dev.spooled.orgs.Registration.CLOSED, null)) {
            for (int i = 0; i < 7; i++) {
                String spelling = i % 2 == 0 ? "sk_live_" : "sp_live_";
                var wrong = server.send(server.to("/api/v1/auth/login")
                        .header("X-Forwarded-For", "198.51.100." + i)
                        .POST(java.net.http.HttpRequest.BodyPublishers.ofString(
                                "{\"api_key\":\"" + spelling + "tried-from-many-places\"}")));
                assertThat(wrong.statusCode()).isEqualTo(i < 5 ? 401 : 429);
            }
        }
    }

    @Test
    void wrongKeysAreLimitedAndRightOnesAreNot() {
        try (var server = new TestServer()) {
            for (int i = 0; i < 7; i++) {
                var wrong = server.send(server.to("/api/v1/auth/login")
                        .POST(java.net.http.HttpRequest.BodyPublishers.ofString(
                                "{\"api_key\":\"sk_live_wrong-wrong-wrong-" + i + "\"}")));
                assertThat(wrong.statusCode()).isEqualTo(i < 5 ? 401 : 429);
                var right = server.send(server.to("/api/v1/auth/login")
                        .POST(java.net.http.HttpRequest.BodyPublishers.ofString(
                                "{\"api_key\":\"" + server.key + "\"}")));
                assertThat(right.statusCode()).isEqualTo(200);
            }
            server.clock.advance(Duration.ofMinutes(1));
            var later = server.send(server.to("/api/v1/auth/login")
                    .POST(java.net.http.HttpRequest.BodyPublishers.ofString("{\"api_key\":\"sk_live_wrong\"}")));
            assertThat(later.statusCode()).isEqualTo(401);
        }
    }

    @Test
    void aSecretCanBeChangedWithoutSigningOut() {
        String first = "the-first-secret-of-many-letters-0123";
        String second = "the-second-secret-of-many-letters-456";
        var claims = new JWTClaimsSet.Builder().subject("x").build();
        String token = new SigningKeys(first, null).sign(claims);
        assertThat(new SigningKeys(second, first).read(token)).isPresent();
        assertThat(new SigningKeys(second, null).read(token)).isEmpty();
        assertThat(new SigningKeys(first, second).read(new SigningKeys(second, first).sign(claims)))
                .isPresent();
    }

    @Test
    void spentRowsAreForgotten() {
        try (var server = new TestServer()) {
            var answer = server.send(server.to("/api/v1/auth/login")
                    .POST(java.net.http.HttpRequest.BodyPublishers.ofString("{\"api_key\":\"" + server.key + "\"}")));
            server.post(text(answer.body(), "access_token"), "/auth/logout", "");
            var chore = new SpentTokens(server.database.db(), server.clock);
            assertThat(chore.runOnce()).isFalse();
            assertThat(revoked(server)).isEqualTo(1);
            server.clock.advance(Duration.ofHours(25));
            chore.runOnce();
            assertThat(revoked(server)).isZero();
        }
    }

    private static int revoked(TestServer server) {
        var count = new dev.spooled.db.Sql("count", "select count(*)::int as n from revoked_token", List.of());
        return server.database
                .db()
                .readAsEngine(count, dev.spooled.db.Args.NONE, row -> row.integer("n"))
                .getFirst();
    }
}
