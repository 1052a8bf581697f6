package dev.spooled.orgs;

import dev.spooled.json.JsonObject;
import dev.spooled.refusal.Refused;
import org.jspecify.annotations.Nullable;

/// How many live connections an organization of its own may have open on a server, by kind; null goes by the server's
/// setting. No plan names them, only `custom_limits` does.
public record ConnectionLimits(
        @Nullable Integer events,
        @Nullable Integer sockets,
        @Nullable Integer grpcStreams) {
    public static final ConnectionLimits NONE = new ConnectionLimits(null, null, null);

    static ConnectionLimits of(JsonObject custom) {
        return new ConnectionLimits(
                number(custom, "max_sse_streams"),
                number(custom, "max_websockets"),
                number(custom, "max_grpc_streams"));
    }

    private static @Nullable Integer number(JsonObject custom, String name) {
        Integer number = custom.integerOrNull(name);
        if (number != null && number < 0) {
            throw Refused.invalid("custom_limits", "custom_limits: " + name + " must be at least 0");
        }
        return number;
    }
}
