package dev.spooled.web;

import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/// Serves the description of this interface as it was built in.
public final class OpenApi implements Door {
    private static final String FILE = "/contract/openapi.yaml";

    private final String document = read();

    @Override
    public void open(Routes routes) {
        routes.get("/openapi.yaml", this::send);
    }

    private void send(ServerRequest request, ServerResponse response) {
        Answer.text(request, response, "application/yaml", document);
    }

    private static String read() {
        try (InputStream in = OpenApi.class.getResourceAsStream(FILE)) {
            if (in == null) {
                throw new IllegalStateException(FILE + " is not built in");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
