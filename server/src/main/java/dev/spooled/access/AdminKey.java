package dev.spooled.access;

import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;

/// The operator's key, from the server's configuration. Without one every admin call is refused.
public final class AdminKey {
    private static final HeaderName HEADER = HeaderNames.create("X-Admin-Key");

    private final byte @Nullable [] expected;
    private final Trail trail;

    public AdminKey(@Nullable String key, Trail trail) {
        this.trail = trail;
        this.expected = key == null || key.isBlank() ? null : RawKey.sha256(key.strip());
    }

    /// The handler that lets only the operator through. Changes are audited.
    public Handler then(Handler work) {
        return (request, response) -> {
            check(request);
            Method method = request.prologue().method();
            if (!method.equals(Method.GET) && !method.equals(Method.HEAD)) {
                audit(request, response);
            }
            work.handle(request, response);
        };
    }

    /// Whether the request carries the right key; for routes that are open to others, too.
    public boolean isHeldBy(ServerRequest request) {
        try {
            check(request);
            return true;
        } catch (Refused refused) {
            return false;
        }
    }

    /// Has what the operator asks for written into the audit log.
    public void audit(ServerRequest request, ServerResponse response) {
        response.beforeSend(() -> trail.keep(Authenticate.entry(request, response, Trail.Entry.SERVER, "operator")));
    }

    private void check(ServerRequest request) {
        check(request.headers().first(HEADER).orElse(null));
    }

    /// Takes the same time for every wrong key: the hashes are compared, in constant time.
    void check(@Nullable String presented) {
        byte[] wanted = expected;
        if (wanted == null) {
            throw refused("admin_not_configured", "This server has no admin key; set ADMIN_API_KEY");
        }
        if (presented == null || presented.isBlank()) {
            throw refused("missing_admin_key", "The header X-Admin-Key is required");
        }
        if (!presented.chars().allMatch(c -> c >= ' ' && c < 0x7F)) {
            throw refused("invalid_header", "The header X-Admin-Key holds characters that no key has");
        }
        if (!MessageDigest.isEqual(wanted, RawKey.sha256(presented.strip()))) {
            throw refused("invalid_admin_key", "The admin key is not valid");
        }
    }

    private static Refused refused(String kind, String message) {
        return new Refused(new Refusal.AdminOnly(kind, message));
    }
}
