package dev.spooled.access;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;

/// An API key in the clear, as it is shown once and presented on each call: `sk_live_` and 43 letters for 256 random
/// bits. A key presented with `sp_` in place of `sk_` is the same key.
final class RawKey {
    static final String PREFIX = "sk_live_";

    private static final int RANDOM_BYTES = 32;
    private static final int SHOWN = 12;
    private static final SecureRandom RANDOM = new SecureRandom();

    private final String text;

    private RawKey(String text) {
        this.text = text;
    }

    static RawKey mint() {
        byte[] random = new byte[RANDOM_BYTES];
        RANDOM.nextBytes(random);
        return new RawKey(PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(random));
    }

    static RawKey presented(String text) {
        boolean other = text.startsWith("sp_live_") || text.startsWith("sp_test_");
        return new RawKey(other ? "sk_" + text.substring(3) : text);
    }

    String text() {
        return text;
    }

    /// What may be shown later to tell keys apart.
    String shownPrefix() {
        return text.substring(0, Math.min(SHOWN, text.length()));
    }

    /// SHA-256 is enough: the key has as many random bits as the hash.
    byte[] hash() {
        return sha256(text);
    }

    /// The same for every spelling of a key that is presented, and no key itself.
    static String fingerprint(String presented) {
        return HexFormat.of().formatHex(presented(presented).hash());
    }

    static byte[] sha256(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /// Never the key itself, which would end up in a log.
    @Override
    public String toString() {
        return shownPrefix() + "...";
    }
}
