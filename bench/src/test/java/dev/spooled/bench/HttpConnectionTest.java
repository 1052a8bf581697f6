package dev.spooled.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Against the JDK's own server, which sends a length or chunks as it is asked.
class HttpConnectionTest {
    private static final int CHUNKED = 0;

    private final Set<InetSocketAddress> callers = ConcurrentHashMap.newKeySet();
    private HttpServer server;
    private HttpConnection connection;

    HttpConnectionTest() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        connection = new HttpConnection(
                URI.create("http://127.0.0.1:" + server.getAddress().getPort()), "sk_test_key");
    }

    @BeforeEach
    void start() {
        server.createContext("/length", exchange -> echo(exchange, false));
        server.createContext("/chunked", exchange -> echo(exchange, true));
        server.createContext("/close", exchange -> {
            exchange.getResponseHeaders().set("Connection", "close");
            echo(exchange, false);
        });
        server.start();
    }

    @AfterEach
    void stop() {
        connection.close();
        server.stop(0);
    }

    @Test
    void keepsOneConnectionForManyRequests() throws IOException {
        for (int i = 0; i < 50; i++) {
            var body = "{\"n\":\"" + "é".repeat(i * 100) + "\"}";
            assertThat(connection.post(i % 2 == 0 ? "/length" : "/chunked", body))
                    .isEqualTo(new HttpAnswer(200, "POST Bearer sk_test_key " + body, true));
        }
        assertThat(connection.get("/length").body()).isEqualTo("GET Bearer sk_test_key ");
        assertThat(callers).hasSize(1);
    }

    @Test
    void opensAnewAfterTheServerClosed() throws IOException {
        assertThat(connection.get("/close").keepAlive()).isFalse();
        assertThat(connection.get("/length").status()).isEqualTo(200);
        assertThat(callers).hasSize(2);
    }

    @Test
    void namesTheAddressItExpects() {
        assertThatThrownBy(() -> new HttpConnection(URI.create("localhost:8080"), "key"))
                .hasMessageContaining("http://127.0.0.1:8080");
    }

    private void echo(HttpExchange exchange, boolean chunked) throws IOException {
        callers.add(exchange.getRemoteAddress());
        var request = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        var authorization = exchange.getRequestHeaders().getFirst("Authorization");
        var body = (exchange.getRequestMethod() + " " + authorization + " " + request).getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(200, chunked ? CHUNKED : body.length);
        try (var out = exchange.getResponseBody()) {
            out.write(body);
        }
    }
}
