package dev.spooled.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Whom a door sees behind a proxy, over a real socket.
class PeerHttpTest {
    private static String seen(TrustedProxies proxies) throws Exception {
        var options =
                new Web.Options("127.0.0.1", 0, null, 100, Duration.ofSeconds(5), Set.of(), false, false, proxies);
        Door door = routes -> routes.get(
                "/peer", (request, response) -> Answer.text(request, response, "text/plain", Peer.addressOf(request)));
        try (var web = new Web(options, List.of(door), List.of(), (method, route, status, took) -> {}).start();
                var client = HttpClient.newHttpClient()) {
            var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + web.port() + "/peer"))
                    .header("X-Forwarded-For", "6.6.6.6, 198.51.100.1")
                    .build();
            return client.send(request, BodyHandlers.ofString()).body();
        }
    }

    @Test
    void aTrustedProxySpeaksForItsCaller() throws Exception {
        assertThat(seen(TrustedProxies.of(List.of("127.0.0.0/8")))).isEqualTo("198.51.100.1");
    }

    @Test
    void nobodyElseDoes() throws Exception {
        assertThat(seen(TrustedProxies.NONE)).isEqualTo("127.0.0.1");
        assertThat(seen(TrustedProxies.of(List.of("10.0.0.0/8")))).isEqualTo("127.0.0.1");
    }
}
