package dev.spooled.web;

import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import dev.spooled.web.SocketDoor.Conversation;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Headers;
import io.helidon.http.HttpPrologue;
import io.helidon.http.Method;
import io.helidon.http.ServerResponseHeaders;
import io.helidon.http.WritableHeaders;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.http1.spi.Http1RoutedUpgrade;
import io.helidon.webserver.http1.spi.Http1RoutedUpgrader;
import io.helidon.webserver.http1.spi.Http1UpgradeResponse;
import io.helidon.webserver.http1.spi.Http1UpgradeResult;
import io.helidon.webserver.spi.ServerConnection;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/// Makes a request a WebSocket, if it asks for one at a `SocketDoor`'s path (RFC 6455, section 4). It has passed the
/// `Envelope` before, as any request. No extension and no subprotocol is taken up.
final class SocketUpgrade implements Http1RoutedUpgrader {
    static final String PROTOCOL = "websocket";

    private static final HeaderName KEY = HeaderNames.create("Sec-WebSocket-Key");
    private static final HeaderName VERSION = HeaderNames.create("Sec-WebSocket-Version");
    private static final HeaderName ACCEPT = HeaderNames.create("Sec-WebSocket-Accept");
    private static final String ACCEPT_SALT = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private static final int KEY_BYTES = 16;
    private static final long GOODBYE_NANOS = Duration.ofSeconds(2).toNanos();

    private final List<SocketDoor> doors = new CopyOnWriteArrayList<>();

    void add(SocketDoor door) {
        doors.add(door);
    }

    @Override
    public String supportedProtocol() {
        return PROTOCOL;
    }

    @Override
    public Optional<Http1RoutedUpgrade> routedUpgrade(
            ConnectionContext context, HttpPrologue prologue, WritableHeaders<?> headers) {
        String path = prologue.uriPath().path();
        if (!prologue.method().equals(Method.GET)) {
            return Optional.empty();
        }
        return doors.stream()
                .filter(door -> door.path().equals(path))
                .findFirst()
                .map(door -> (answer, asked) -> upgrade(context, prologue, door, answer, asked));
    }

    /// For a library that does not route; this one does.
    @Override
    public @Nullable ServerConnection upgrade(
            ConnectionContext context, HttpPrologue prologue, WritableHeaders<?> headers) {
        return null;
    }

    private static Http1UpgradeResult upgrade(
            ConnectionContext context,
            HttpPrologue prologue,
            SocketDoor door,
            Http1UpgradeResponse answer,
            Headers asked) {
        checkVersion(asked, answer.headers());
        String accept = accept(key(asked));
        Conversation conversation = door.enter(asked, prologue.query(), answer.headers());
        try {
            WritableHeaders<?> headers = WritableHeaders.create();
            headers.set(HeaderNames.UPGRADE, PROTOCOL);
            headers.set(HeaderNames.CONNECTION, "Upgrade");
            headers.set(ACCEPT, accept);
            answer.sendSwitchingProtocols(headers);
            return Http1UpgradeResult.upgraded(new Upgraded(context, conversation));
        } catch (RuntimeException e) {
            conversation.close();
            throw e;
        }
    }

    private static void checkVersion(Headers asked, ServerResponseHeaders answer) {
        if (!asked.first(VERSION).orElse("").strip().equals("13")) {
            answer.set(VERSION, "13");
            throw bad("Sec-WebSocket-Version must be 13");
        }
    }

    private static String key(Headers asked) {
        boolean upgrade = asked.values(HeaderNames.CONNECTION).stream()
                .flatMap(value -> Arrays.stream(value.split(",")))
                .anyMatch(word -> word.strip().equalsIgnoreCase("upgrade"));
        String key = asked.first(KEY).orElse("").strip();
        if (!upgrade || !isKey(key)) {
            throw bad("A WebSocket needs Connection: Upgrade and a Sec-WebSocket-Key of 16 bytes");
        }
        return key;
    }

    private static boolean isKey(String key) {
        try {
            return Base64.getDecoder().decode(key).length == KEY_BYTES;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    static String accept(String key) {
        try {
            byte[] hash =
                    MessageDigest.getInstance("SHA-1").digest((key + ACCEPT_SALT).getBytes(StandardCharsets.US_ASCII));
            return Base64.getEncoder().encodeToString(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Refused bad(String message) {
        return new Refused(new Refusal.BadRequest(message));
    }

    /// The connection from then on.
    private record Upgraded(ConnectionContext context, Conversation conversation) implements ServerConnection {
        @Override
        public void handle(Limit limit) throws InterruptedException {
            var socket = new WebSocket(context.dataReader(), context.dataWriter());
            try (var serving = Connection.serving();
                    conversation) {
                conversation.hold(socket);
                socket.awaitClient(GOODBYE_NANOS);
                if (socket.isBroken()) {
                    Connection.linger();
                }
            } finally {
                Connection.close(context.serverSocket());
            }
        }

        @Override
        public Duration idleTime() {
            return Duration.ZERO;
        }

        @Override
        public void close(boolean interrupt) {
            conversation.close();
            Connection.close(context.serverSocket());
        }
    }
}
