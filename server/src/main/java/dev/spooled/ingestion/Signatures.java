package dev.spooled.ingestion;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// HMAC-SHA256 as providers use it. Comparing takes the same time wherever two signatures begin to differ.
final class Signatures {
    private Signatures() {}

    static byte[] of(String secret, byte[]... parts) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            for (byte[] part : parts) {
                mac.update(part);
            }
            return mac.doFinal();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /// Whether one of the secrets signed the parts, put one after another, with the signature presented.
    static boolean match(List<String> secrets, byte[] presented, byte[]... parts) {
        boolean matches = false;
        for (String secret : secrets) {
            matches |= MessageDigest.isEqual(of(secret, parts), presented);
        }
        return matches;
    }

    static Optional<byte[]> hex(String text) {
        try {
            return Optional.of(java.util.HexFormat.of().parseHex(text));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    static Optional<byte[]> base64(String text) {
        try {
            return Optional.of(java.util.Base64.getDecoder().decode(text));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
