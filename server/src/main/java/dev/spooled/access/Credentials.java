package dev.spooled.access;

import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import java.util.Optional;

/// The one answer to "who is this?" for every door: an API key or an access token, as presented. A token is told by its
/// first letters. Everything else, expired and revoked ones among it, is `Unauthenticated` with the same words.
public final class Credentials {
    private static final String TOKEN_START = "eyJ";
    private static final int MAX_KEY_LENGTH = 512;

    private final ApiKeys keys;
    private final Sessions sessions;

    public Credentials(ApiKeys keys, Sessions sessions) {
        this.keys = keys;
        this.sessions = sessions;
    }

    public Caller caller(String presented) {
        return find(presented)
                .orElseThrow(() -> new Refused(new Refusal.Unauthenticated("The API key or token is not valid")));
    }

    static boolean isToken(String presented) {
        return presented.startsWith(TOKEN_START);
    }

    /// As `caller`, for doors with words of their own; empty for what stands for nobody.
    public Optional<Caller> find(String credential) {
        String presented = credential.strip();
        if (isToken(presented)) {
            return sessions.caller(presented);
        }
        return presented.isEmpty() || presented.length() > MAX_KEY_LENGTH ? Optional.empty() : keys.caller(presented);
    }

    /// Who stands behind a credential that opened something which is open still. As `find`, except that an access token
    /// may have run out meanwhile: what it stands for must hold, and it must not have been revoked.
    public Optional<Caller> behind(String credential) {
        String presented = credential.strip();
        return isToken(presented) ? sessions.behind(presented) : find(presented);
    }
}
