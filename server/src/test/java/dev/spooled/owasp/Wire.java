package dev.spooled.owasp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.TestServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What these tests say again and again.
final class Wire {
    private static final HttpClient CLIENT =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private Wire() {}

    static String text(String json, String name) {
        Matcher found = Pattern.compile("\"" + name + "\":\"([^\"]*)\"").matcher(json);
        assertThat(found.find()).as(name + " in " + json).isTrue();
        return found.group(1);
    }

    static String text(HttpResponse<String> answer, String name) {
        assertThat(answer.statusCode()).as(answer.body()).isLessThan(300);
        return text(answer.body(), name);
    }

    /// Without a credential, unless among `headers` (name, value, name, value).
    static HttpResponse<String> send(TestServer server, String method, String path, String body, String... headers) {
        var request = server.to(path)
                .header("Content-Type", "application/json")
                .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        return server.send(request);
    }

    /// The status line that comes back when a body of that length is announced and none is sent.
    static String announcing(TestServer server, String method, String path, long length, String... headers)
            throws IOException {
        try (var socket = new Socket("127.0.0.1", server.port())) {
            socket.setSoTimeout(5_000);
            String head = method + " " + path + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                    + String.join("\r\n", headers) + "\r\nContent-Length: " + length + "\r\n\r\n";
            socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
            var lines = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
            return String.valueOf(lines.readLine());
        }
    }

    /// What comes back where the contract says nothing.
    static HttpResponse<String> unjudged(HttpRequest request) {
        try {
            return CLIENT.send(request, BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /// A key of the organization of `by`.
    static String key(TestServer server, String by, String more) {
        return text(server.post(by, "/api-keys", "{\"name\":\"of a test\"" + more + "}"), "key");
    }
}
