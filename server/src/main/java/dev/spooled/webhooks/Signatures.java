package dev.spooled.webhooks;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// Both signatures of a request: ours, in hex over `timestamp.body`, and that of Standard Webhooks, in base64
/// over `id.timestamp.body`. Ours takes the secret as it is written; theirs takes what follows `whsec_` as
/// base64, if that is how the secret is written.
final class Signatures {
    private static final String PREFIX = "whsec_";
    private static final int SECRET_BYTES = 32;
    private static final SecureRandom RANDOM = new SecureRandom();

    private Signatures() {}

    static String mint() {
        byte[] random = new byte[SECRET_BYTES];
        RANDOM.nextBytes(random);
        return PREFIX + Base64.getEncoder().encodeToString(random);
    }

    static String own(String secret, long timestamp, byte[] body) {
        byte[] mac = mac(secret.getBytes(StandardCharsets.UTF_8), timestamp + ".", body);
        return "sha256=" + HexFormat.of().formatHex(mac);
    }

    static String standard(String secret, UUID id, long timestamp, byte[] body) {
        byte[] mac = mac(standardKey(secret), id + "." + timestamp + ".", body);
        return "v1," + Base64.getEncoder().encodeToString(mac);
    }

    private static byte[] standardKey(String secret) {
        if (secret.startsWith(PREFIX)) {
            try {
                byte[] key = Base64.getDecoder().decode(secret.substring(PREFIX.length()));
                if (key.length > 0) {
                    return key;
                }
            } catch (IllegalArgumentException e) {
                return secret.getBytes(StandardCharsets.UTF_8);
            }
        }
        return secret.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] mac(byte[] key, String head, byte[] body) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            mac.update(head.getBytes(StandardCharsets.UTF_8));
            return mac.doFinal(body);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
