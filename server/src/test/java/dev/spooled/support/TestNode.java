package dev.spooled.support;

import dev.spooled.App;
import dev.spooled.config.ConfigReader;
import dev.spooled.db.DbAddress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/// A server as people start it, one of several on a database of the tests, under the real clock.
public final class TestNode implements AutoCloseable {
    public static final String ADMIN_KEY = "operator";

    private final App app;
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private TestNode(App app) {
        this.app = app;
    }

    /// `data` is where a first server keeps its key.
    public static TestNode start(TestDb database, Path data, Map<String, String> environment) {
        DbAddress address = database.address();
        String url = address.jdbcUrl()
                .replace("jdbc:postgresql://", "postgres://" + address.user() + ":" + address.password() + "@");
        var all = new HashMap<>(Map.of(
                "HOST",
                "127.0.0.1",
                "PORT",
                "0",
                "GRPC_PORT",
                "0",
                "METRICS_PORT",
                "0",
                "DATABASE_URL",
                url,
                "ADMIN_API_KEY",
                ADMIN_KEY,
                "JWT_SECRET",
                "signs-the-tokens-of-all-test-nodes-alike",
                "SPOOLED_SECRET_KEY",
                "seals-the-secrets-of-all-test-nodes-alike",
                "SPOOLED_DATA_DIR",
                data.toString()));
        all.putAll(TestLane.setting());
        all.putAll(environment);
        return new TestNode(new App(ConfigReader.read(Map.of(), all)).start());
    }

    public App app() {
        return app;
    }

    public URI uri(String path) {
        return URI.create("http://127.0.0.1:" + app.port() + path);
    }

    public HttpResponse<String> call(String key, String method, String path, String json) {
        var body = json.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(json);
        HttpRequest.Builder request = HttpRequest.newBuilder(uri(path)).method(method, body);
        if (!key.isEmpty()) {
            request.header("Authorization", "Bearer " + key);
        }
        if (!json.isEmpty()) {
            request.header("Content-Type", "application/json");
        }
        if (path.startsWith("/api/v1/admin")) {
            request.header("X-Admin-Key", ADMIN_KEY);
        }
        try {
            return client.send(request.build(), BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    public HttpResponse<String> post(String key, String path, String json) {
        return call(key, "POST", "/api/v1" + path, json);
    }

    public HttpResponse<String> get(String key, String path) {
        return call(key, "GET", path, "");
    }

    @Override
    public void close() {
        app.close();
    }
}
