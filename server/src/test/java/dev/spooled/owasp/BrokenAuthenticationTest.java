package dev.spooled.owasp;

import static dev.spooled.owasp.GrpcSurface.metadata;
import static dev.spooled.owasp.Wire.send;
import static dev.spooled.owasp.Wire.text;
import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import dev.spooled.orgs.Registration;
import dev.spooled.support.TestServer;
import io.grpc.Metadata;
import io.grpc.Status.Code;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/// API2: coming in as somebody else, or as nobody. Bad keys and tokens on every route are walked by
/// `RouteWalkTest`, and codes by e-mail are in `EmailLoginHttpTest`.
final class BrokenAuthenticationTest {
    private static final TestServer SERVER = TestServer.behindProxy(Registration.CLOSED, null);

    @AfterAll
    static void close() {
        SERVER.close();
    }

    /// Right keys in wrong places.
    @Test
    void aCredentialCountsWhereItBelongsOnly() {
        String basic = Base64.getEncoder()
                .encodeToString((SERVER.key + ":").getBytes(java.nio.charset.StandardCharsets.UTF_8));
        List<List<String>> wrong = List.of(
                List.of("Authorization", SERVER.key),
                List.of("Authorization", "Basic " + basic),
                List.of("Authorization", "Bearer"),
                List.of("Authorization", "Bearer  "),
                List.of("Authorization", "Token " + SERVER.key),
                List.of("Authorization", "Bearer x", "X-API-Key", SERVER.key),
                List.of("Cookie", "token=" + SERVER.key),
                List.of("X-Admin-Key", TestServer.ADMIN_KEY),
                List.of("X-Webhook-Token", SERVER.key),
                List.of("X-Forwarded-User", "admin"));
        for (var operation : Surface.operations()) {
            if (!operation.needsCaller()) {
                continue;
            }
            for (List<String> headers : wrong) {
                var answer = send(SERVER, operation.method(), operation.at("x"), "", headers.toArray(String[]::new));
                assertThat(answer.statusCode())
                        .as(operation + " with " + headers)
                        .isEqualTo(401);
            }
        }
    }

    /// Tokens of the right shape that this server has not made.
    @Test
    void noTokenButOursCounts() throws Exception {
        SignedJWT good = SignedJWT.parse(text(login(SERVER.key), "access_token"));
        JWTClaimsSet claims = good.getJWTClaimsSet();
        var forged = new LinkedHashMap<String, String>();
        forged.put("another algorithm of the same family", signed(JWSAlgorithm.HS512, "x".repeat(64), claims));
        forged.put("the right secret, another algorithm", signed(JWSAlgorithm.HS384, padded(), claims));
        forged.put("an empty secret", signed(JWSAlgorithm.HS256, "\0".repeat(32), claims));
        forged.put("the text of the key", signed(JWSAlgorithm.HS256, SERVER.key, claims));
        forged.put("no algorithm", encoded("{\"alg\":\"none\"}") + "." + good.getParsedParts()[1] + ".");
        forged.put("none, oddly spelled", encoded("{\"alg\":\"nOnE\"}") + "." + good.getParsedParts()[1] + ".");
        forged.put(
                "a key brought along",
                encoded("{\"alg\":\"HS256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AA\"}}") + "." + good.getParsedParts()[1]
                        + ".AAAA");
        forged.put(
                "a path as key id",
                encoded("{\"alg\":\"HS256\",\"kid\":\"../../../dev/null\"}") + "." + good.getParsedParts()[1] + "."
                        + good.getParsedParts()[2]);
        forged.put(
                "another payload under the signature",
                good.getParsedParts()[0] + "." + encoded(claims.toString().replace("access", "refresh")) + "."
                        + good.getParsedParts()[2]);
        forged.forEach((what, token) -> {
            assertThat(SERVER.get(token, "/auth/me").statusCode()).as(what).isEqualTo(401);
            String told = send(SERVER, "POST", "/api/v1/auth/validate", "{\"token\":\"" + token + "\"}")
                    .body();
            assertThat(told).as(what).contains("\"valid\":false");
        });
        assertThat(SERVER.get(good.serialize(), "/auth/me").statusCode()).isEqualTo(200);
    }

    private static String padded() {
        return TestServer.JWT_SECRET + "-".repeat(64);
    }

    private static String signed(JWSAlgorithm algorithm, String secret, JWTClaimsSet claims) throws Exception {
        var token = new SignedJWT(new JWSHeader(algorithm), claims);
        token.sign(new MACSigner(secret.getBytes(java.nio.charset.StandardCharsets.UTF_8)));
        return token.serialize();
    }

    private static String encoded(String json) {
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(json.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }

    private static String login(String key) {
        return send(SERVER, "POST", "/api/v1/auth/login", "{\"api_key\":\"" + key + "\"}")
                .body();
    }

    /// From one place with many keys, and from many places with one key; who has the right key is never held off.
    @Test
    void guessingIsBoundedByPlaceAndByKey() {
        var statuses = new ArrayList<Integer>();
        for (int i = 0; i < 12; i++) {
            statuses.add(guess("203.0.113.5", "sk_live_guess-of-one-place-" + i));
            assertThat(guess("203.0.113.5", SERVER.key)).isEqualTo(200);
        }
        assertThat(statuses.subList(0, 5)).containsOnly(401);
        assertThat(statuses.subList(5, 12)).containsOnly(429);
        statuses.clear();
        for (int i = 0; i < 12; i++) {
            statuses.add(guess("203.0.113." + (20 + i), "sk_live_one-key-from-many-places"));
        }
        assertThat(statuses.subList(5, 12)).containsOnly(429);
    }

    private static int guess(String from, String key) {
        return send(SERVER, "POST", "/api/v1/auth/login", "{\"api_key\":\"" + key + "\"}", "X-Forwarded-For", from)
                .statusCode();
    }

    @Test
    void everyMethodOfGrpcAsksForACredential() {
        String refresh = text(login(SERVER.key), "refresh_token");
        Map<String, Metadata> wrong = Map.of(
                "nothing", new Metadata(),
                "a key nobody has", metadata("x-api-key", "sk_live_" + "A".repeat(43)),
                "a refresh token", metadata("authorization", "Bearer " + refresh),
                "the admin key", metadata("x-admin-key", TestServer.ADMIN_KEY),
                "a cookie", metadata("cookie", "token=" + SERVER.key));
        try (var grpc = new GrpcSurface(SERVER)) {
            for (var method : GrpcSurface.methods()) {
                wrong.forEach((what, metadata) -> assertThat(
                                grpc.call(method, metadata).getCode())
                        .as(method.getFullMethodName() + " with " + what)
                        .isEqualTo(Code.UNAUTHENTICATED));
            }
        }
        assertThat(GrpcSurface.methods()).hasSizeGreaterThan(12);
    }
}
