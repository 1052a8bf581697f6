package dev.spooled.bench;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// One caller's keep-alive connection: blocking, one request at a time, opened when first needed and again after a
/// fault. Nothing is sent twice: whether to repeat a request is the caller's decision.
///
/// It exists because the JDK's own client takes more CPU per request than the server under test.
final class HttpConnection implements AutoCloseable {
    private static final Duration CONNECT_TIME = Duration.ofSeconds(5);
    private static final Duration READ_TIME = Duration.ofSeconds(60);

    private final InetSocketAddress address;
    private final String headers;
    private @Nullable Open open;

    private record Open(Socket socket, OutputStream out, HttpReader reader) {}

    HttpConnection(URI server, String key) {
        if (!"http".equals(server.getScheme()) || server.getHost() == null) {
            throw new IllegalArgumentException("expected an address like http://127.0.0.1:8080, got " + server);
        }
        int port = server.getPort() < 0 ? 80 : server.getPort();
        this.address = new InetSocketAddress(server.getHost(), port);
        this.headers = " HTTP/1.1\r\nHost: " + server.getHost() + ":" + port + "\r\nAuthorization: Bearer " + key
                + "\r\nContent-Type: application/json\r\nContent-Length: ";
    }

    HttpAnswer post(String path, String body) throws IOException {
        return exchange("POST", path, body.getBytes(StandardCharsets.UTF_8));
    }

    HttpAnswer get(String path) throws IOException {
        return exchange("GET", path, new byte[0]);
    }

    @Override
    public void close() {
        var closing = open;
        open = null;
        if (closing != null) {
            try {
                closing.socket().close();
            } catch (IOException ignored) {
                // Nothing is lost with a connection that is thrown away.
            }
        }
    }

    private HttpAnswer exchange(String method, String path, byte[] body) throws IOException {
        try {
            var connection = opened();
            connection.out().write(request(method, path, body));
            var answer = connection.reader().read();
            if (!answer.keepAlive()) {
                close();
            }
            return answer;
        } catch (IOException fault) {
            close();
            throw fault;
        }
    }

    /// Head and body in one array, so that they leave in one segment.
    private byte[] request(String method, String path, byte[] body) {
        var head = (method + " " + path + headers + body.length + "\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1);
        var request = new byte[head.length + body.length];
        System.arraycopy(head, 0, request, 0, head.length);
        System.arraycopy(body, 0, request, head.length, body.length);
        return request;
    }

    private Open opened() throws IOException {
        if (open != null) {
            return open;
        }
        var socket = new Socket();
        try {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout((int) READ_TIME.toMillis());
            socket.connect(address, (int) CONNECT_TIME.toMillis());
            var fresh = new Open(socket, socket.getOutputStream(), new HttpReader(socket.getInputStream()));
            open = fresh;
            return fresh;
        } catch (IOException fault) {
            socket.close();
            throw fault;
        }
    }
}
