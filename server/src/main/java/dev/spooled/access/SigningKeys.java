package dev.spooled.access;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.MACVerifier;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Signs tokens with one secret and believes those signed with it or with the one before, so that a secret can be
/// changed without signing everybody out. The algorithm is HS256 and no other, whatever a token's header asks for.
public final class SigningKeys {
    private static final int MAX_TOKEN_LENGTH = 4_096;

    private final String current;
    private final Map<String, String> secrets = new LinkedHashMap<>();

    /// `previous` is the secret before a change, as long as its tokens shall hold.
    public SigningKeys(String secret, @Nullable String previous) {
        current = idOf(secret);
        secrets.put(current, secret);
        if (previous != null) {
            secrets.put(idOf(previous), previous);
        }
    }

    public String sign(JWTClaimsSet claims) {
        var header = new JWSHeader.Builder(JWSAlgorithm.HS256)
                .type(JOSEObjectType.JWT)
                .keyID(current)
                .build();
        var token = new SignedJWT(header, claims);
        try {
            token.sign(new MACSigner(bytes(current)));
        } catch (JOSEException e) {
            throw new IllegalStateException("a token could not be signed", e);
        }
        return token.serialize();
    }

    /// What a token says, if one of our secrets signed it. Whether it is in force is not looked at.
    public Optional<JWTClaimsSet> read(String text) {
        if (text.length() > MAX_TOKEN_LENGTH) {
            return Optional.empty();
        }
        try {
            SignedJWT token = SignedJWT.parse(text);
            JWSHeader header = token.getHeader();
            String id = header.getKeyID();
            boolean ours = JWSAlgorithm.HS256.equals(header.getAlgorithm())
                    && JOSEObjectType.JWT.equals(header.getType())
                    && id != null
                    && secrets.containsKey(id);
            return ours && token.verify(new MACVerifier(bytes(id)))
                    ? Optional.of(token.getJWTClaimsSet())
                    : Optional.empty();
        } catch (ParseException | JOSEException | IllegalArgumentException | IllegalStateException e) {
            return Optional.empty();
        }
    }

    private byte[] bytes(String id) {
        return String.valueOf(secrets.get(id)).getBytes(StandardCharsets.UTF_8);
    }

    /// Tells secrets apart without telling anything of them.
    private static String idOf(String secret) {
        return HexFormat.of().formatHex(RawKey.sha256("kid:" + secret), 0, 6);
    }
}
