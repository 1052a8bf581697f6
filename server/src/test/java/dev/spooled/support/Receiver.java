package dev.spooled.support;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.function.Consumer;

/// Somebody's server, on this machine, that webhooks call. It keeps what it was sent and answers as it is told.
public final class Receiver implements AutoCloseable {
    private final HttpServer server;
    private final List<Request> received = new CopyOnWriteArrayList<>();
    private volatile Answer answer = Answer.status(200);
    private volatile Consumer<Request> ear = request -> {};

    /// Header names in small letters.
    public record Request(String path, Map<String, String> headers, byte[] body) {
        public String text() {
            return new String(body, StandardCharsets.UTF_8);
        }

        public String header(String name) {
            return String.valueOf(headers.get(name));
        }
    }

    /// Answers one request; the body has been read.
    public interface Answer {
        void to(HttpExchange exchange) throws IOException;

        static Answer status(int status) {
            return with(status, Map.of(), "ok");
        }

        static Answer with(int status, Map<String, String> headers, String body) {
            return exchange -> {
                byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
                headers.forEach(exchange.getResponseHeaders()::set);
                exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
                exchange.getResponseBody().write(bytes);
                exchange.close();
            };
        }
    }

    public Receiver() {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1_000);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        server.createContext("/", this::take);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.start();
    }

    private void take(HttpExchange exchange) throws IOException {
        var headers = new TreeMap<String, String>();
        exchange.getRequestHeaders()
                .forEach((name, values) ->
                        headers.put(name.toLowerCase(java.util.Locale.ROOT), String.join(",", values)));
        byte[] body = exchange.getRequestBody().readAllBytes();
        var request = new Request(exchange.getRequestURI().getPath(), headers, body);
        received.add(request);
        ear.accept(request);
        answer.to(exchange);
    }

    public void answers(Answer with) {
        answer = with;
    }

    /// Tells of each request as it comes.
    public void hears(Consumer<Request> with) {
        ear = with;
    }

    public List<Request> received() {
        return received;
    }

    public String url(String path) {
        return "http://127.0.0.1:" + server.getAddress().getPort() + path;
    }

    public int port() {
        return server.getAddress().getPort();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
