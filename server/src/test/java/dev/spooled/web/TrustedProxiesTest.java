package dev.spooled.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrustedProxiesTest {
    private final TrustedProxies proxies = TrustedProxies.of(List.of("10.0.0.0/8", "192.0.2.7", "2001:db8::/33"));

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // peer           | header                                  | origin
                "203.0.113.9      | 198.51.100.1                            | 203.0.113.9",
                "10.1.2.3         | 198.51.100.1                            | 198.51.100.1",
                "10.1.2.3         | 6.6.6.6, 198.51.100.1                   | 198.51.100.1",
                "10.1.2.3         | 6.6.6.6, 198.51.100.1, 10.9.9.9         | 198.51.100.1",
                "10.1.2.3         | 198.51.100.1, 192.0.2.7                 | 198.51.100.1",
                "192.0.2.8        | 198.51.100.1                            | 192.0.2.8",
                "10.1.2.3         | 10.4.4.4                                | 10.4.4.4",
                "10.1.2.3         | 198.51.100.1, nonsense                  | 10.1.2.3",
                "10.1.2.3         | nonsense, 198.51.100.1                  | 198.51.100.1",
                "10.1.2.3         | example.com                             | 10.1.2.3",
                "10.1.2.3         | 198.51.100.1:4711                       | 198.51.100.1",
                "2001:db8:1::1    | [2a00::1]:4711                          | 2a00:0:0:0:0:0:0:1",
                "2001:db8:8000::1 | 198.51.100.1                            | 2001:db8:8000::1",
                "::ffff:10.1.2.3  | 198.51.100.1                            | 198.51.100.1",
            })
    void theLastThatIsNoTrustedProxy(String peer, String header, String origin) {
        assertThat(proxies.origin(peer, List.of(header))).isEqualTo(origin);
    }

    /// Only the nearest hop is believed about it, and only if it is a proxy of ours.
    @Test
    void aTrustedProxySaysHowTheCallerCame() {
        assertThat(proxies.cameByTls("10.1.2.3", List.of("https"))).isTrue();
        assertThat(proxies.cameByTls("10.1.2.3", List.of("HTTPS"))).isTrue();
        assertThat(proxies.cameByTls("10.1.2.3", List.of("http", "https"))).isTrue();
        assertThat(proxies.cameByTls("10.1.2.3", List.of("https, http"))).isFalse();
        assertThat(proxies.cameByTls("10.1.2.3", List.of("https", "http"))).isFalse();
        assertThat(proxies.cameByTls("10.1.2.3", List.of())).isFalse();
        assertThat(proxies.cameByTls("203.0.113.5", List.of("https"))).isFalse();
    }

    @Test
    void severalLinesAreOneAfterTheOther() {
        assertThat(proxies.origin("10.1.2.3", List.of("6.6.6.6", "198.51.100.1, 10.0.0.2")))
                .isEqualTo("198.51.100.1");
        assertThat(proxies.origin("10.1.2.3", List.of())).isEqualTo("10.1.2.3");
    }

    @Test
    void anEndlessHeaderIsReadToABound() {
        assertThat(proxies.origin("10.1.2.3", List.of("198.51.100.1" + ", 10.0.0.1".repeat(1_000))))
                .isEqualTo("10.0.0.1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"example.com", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0", "2001:db8::/129"})
    void whatIsNoNetworkIsRefused(String text) {
        assertThatThrownBy(() -> TrustedProxies.of(List.of(text))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void limitsCountAnIpv6Site() {
        assertThat(Peer.networkOf("2a00:1:2:3:4:5:6:7")).isEqualTo(Peer.networkOf("2a00:1:2:3::1"));
        assertThat(Peer.networkOf("2a00:1:2:3::1")).isNotEqualTo(Peer.networkOf("2a00:1:2:4::1"));
        assertThat(Peer.networkOf("::ffff:1.2.3.4")).isEqualTo("1.2.3.4");
        assertThat(Peer.networkOf("1.2.3.4")).isEqualTo("1.2.3.4");
    }
}
