package dev.spooled.outbound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spooled.refusal.Refused;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Where webhooks may go: by the form of the URL, and by the addresses its host has.
class TargetsTest {
    private static final Targets PUBLIC = Targets.ofTheInternet();

    private static InetAddress address(String text) {
        return Literal.address(text).orElseThrow();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://example.com",
                "https://example.com:8443/a/b?c=d",
                "https://8.8.8.8/",
                "https://[2606:4700::1]/x",
                "https://xn--bcher-kva.example/",
                "https://93.184.216.34:9999",
                "https://localhost.example.com/",
                "https://10.example.com"
            })
    void publicAddressesOverHttpsMayBeCalled(String url) {
        assertThatCode(() -> PUBLIC.checked("url", url)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://example.com",
                "http://8.8.8.8/",
                "ftp://example.com",
                "file:///etc/passwd",
                "gopher://example.com",
                "javascript:alert(1)",
                "//example.com",
                "example.com",
                "https:example.com",
                "https:///x",
                "https://",
                "https://user:pass@example.com",
                "https://user@example.com",
                "https://example.com:0",
                "https://example.com:99999",
                "https://a b",
                "https://exa mple.com",
                "https://example.com\\@127.0.0.1/",
                "https://[::1",
                "https://%31%32%37.0.0.1/",
                "https://localhost",
                "https://LOCALHOST",
                "https://localhost.",
                "https://x.localhost",
                "https://localhost:8080",
                "https://printer",
                "https://db.internal",
                "https://metadata.google.internal/computeMetadata/v1/",
                "https://router.local",
                "https://nas.lan",
                "https://x.home",
                "https://wiki.corp",
                "https://x.in-addr.arpa",
                "https://0.0.0.0",
                "https://0.1.2.3",
                "https://10.0.0.1",
                "https://10.255.255.255",
                "https://100.64.0.1",
                "https://100.127.255.255",
                "https://127.0.0.1",
                "https://127.255.255.254",
                "https://169.254.169.254/latest/",
                "https://172.16.0.1",
                "https://172.31.255.255",
                "https://192.0.0.192",
                "https://192.0.2.1",
                "https://192.88.99.1",
                "https://192.168.0.1",
                "https://198.18.0.1",
                "https://198.19.255.255",
                "https://198.51.100.7",
                "https://203.0.113.9",
                "https://224.0.0.1",
                "https://239.255.255.250",
                "https://240.0.0.1",
                "https://255.255.255.255",
                "https://168.63.129.16",
                "https://127.0.0.1.",
                "https://127.1",
                "https://127.0.1",
                "https://0x7f.1",
                "https://0x7f.0.0.1",
                "https://0x7f000001",
                "https://2130706433",
                "https://017700000001",
                "https://0177.0.0.1",
                "https://0177.0.0.01",
                "https://0",
                "https://0x0",
                "https://0xa.0.0.1",
                "https://012.1",
                "https://3232235521",
                "https://0300.0250.1",
                "https://1.2.3.4.5",
                "https://256.1.1.1",
                "https://99999999999",
                "https://example.0x7f",
                "https://\u2460\u2461\u2466.0.0.1/",
                "https://\uff11\uff12\uff17.0.0.1/",
                "https://127\u30020\u30020\u30021/",
                "https://[::1]",
                "https://[::]",
                "https://[0:0:0:0:0:0:0:1]",
                "https://[::ffff:127.0.0.1]",
                "https://[::ffff:7f00:1]",
                "https://[::ffff:8.8.8.8]",
                "https://[::127.0.0.1]",
                "https://[::7f00:1]",
                "https://[64:ff9b::127.0.0.1]",
                "https://[64:ff9b::a00:1]",
                "https://[64:ff9b:1::1]",
                "https://[100::1]",
                "https://[2001::1]",
                "https://[2001:0:7f00:1::]",
                "https://[2001:2::1]",
                "https://[2001:10::1]",
                "https://[2001:20::1]",
                "https://[2001:db8::1]",
                "https://[2002:7f00:1::]",
                "https://[2002:a00:1::1]",
                "https://[3fff::1]",
                "https://[5f00::1]",
                "https://[fc00::1]",
                "https://[fd00:ec2::254]",
                "https://[fe80::1]",
                "https://[fe80::1%25eth0]",
                "https://[fec0::1]",
                "https://[ff02::1]",
                "https://[::ffff:0:127.0.0.1]"
            })
    void everythingElseMayNot(String url) {
        assertThatThrownBy(() -> PUBLIC.checked("url", url))
                .isInstanceOf(Refused.class)
                .hasMessageContaining("Invalid webhook URL");
    }

    @Test
    void aLongUrlIsNone() {
        assertThatThrownBy(() -> PUBLIC.checked("url", "https://example.com/" + "a".repeat(2_048)))
                .hasMessageContaining("Invalid webhook URL");
    }

    /// What a name server may answer.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1",
                "10.0.0.7",
                "169.254.169.254",
                "100.64.1.1",
                "192.168.1.1",
                "172.20.0.1",
                "0.0.0.0",
                "224.0.0.1",
                "240.0.0.1",
                "255.255.255.255",
                "198.18.0.1",
                "192.0.2.1",
                "::1",
                "::",
                "fe80::1",
                "fd00::1",
                "ff02::1",
                "::ffff:10.0.0.1",
                "::10.0.0.1",
                "64:ff9b::a00:1",
                "2002:a00:1::",
                "2001:0:a00:1::",
                "2001:db8::1",
                "3fff::1"
            })
    void namesThatLeadInsideAreNotDialled(String inside) {
        assertThat(Inside.is(address(inside))).isTrue();
        for (List<String> answer : List.of(List.of(inside), List.of("8.8.8.8", inside), List.of(inside, "8.8.8.8"))) {
            assertThatThrownBy(() -> PUBLIC.permitted(
                            "example.com",
                            answer.stream().map(TargetsTest::address).toList()))
                    .isInstanceOf(ForbiddenTarget.class)
                    .hasMessageNotContaining(inside);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1.1.1.1",
                "8.8.8.8",
                "9.255.255.255",
                "11.0.0.0",
                "100.63.255.255",
                "100.128.0.0",
                "126.255.255.255",
                "128.0.0.0",
                "169.253.255.255",
                "172.15.255.255",
                "172.32.0.0",
                "192.167.255.255",
                "192.169.0.0",
                "198.17.255.255",
                "198.20.0.0",
                "223.255.255.255",
                "2606:4700:4700::1111",
                "2a00:1450::1",
                "2400::1",
                "2001:4860::8888"
            })
    void addressesOfTheInternetAreDialled(String outside) throws UnknownHostException {
        InetAddress address = address(outside);
        assertThat(PUBLIC.permitted("example.com", List.of(address))).containsExactly(address);
    }

    @Test
    void theOperatorMayListMore() throws UnknownHostException {
        Targets targets = Targets.of(List.of("10.1.0.0/16", "hooks.internal", "*.corp.example", "fd00::/8"), false);
        for (String url : List.of(
                "http://10.1.2.3:8080/x",
                "https://10.1.0.0",
                "http://hooks.internal/x",
                "http://HOOKS.internal./x",
                "https://a.b.corp.example",
                "http://[fd12::1]/")) {
            assertThatCode(() -> targets.checked("url", url)).as(url).doesNotThrowAnyException();
        }
        for (String url : List.of(
                "http://10.2.0.1",
                "https://10.0.255.255",
                "http://x.hooks.internal",
                "https://corp.example.internal",
                "http://corp.example",
                "http://example.com",
                "https://127.0.0.1")) {
            assertThatThrownBy(() -> targets.checked("url", url)).as(url).hasMessageContaining("Invalid webhook URL");
        }
        List<InetAddress> listed = List.of(address("10.1.9.9"));
        assertThat(targets.permitted("some.name.example", listed)).isEqualTo(listed);
        assertThat(targets.permitted("hooks.internal", List.of(address("192.168.1.1"))))
                .hasSize(1);
        assertThatThrownBy(() -> targets.permitted("some.name.example", List.of(address("10.2.0.1"))))
                .isInstanceOf(ForbiddenTarget.class);
    }

    @Test
    void developmentMeansThisMachineOnly() throws UnknownHostException {
        Targets targets = Targets.of(List.of(), true);
        for (String url : List.of("http://localhost:3000/x", "http://127.0.0.1:3000", "http://[::1]:3000")) {
            assertThatCode(() -> targets.checked("url", url)).as(url).doesNotThrowAnyException();
        }
        assertThatThrownBy(() -> targets.checked("url", "http://192.168.0.1")).isInstanceOf(Refused.class);
        assertThatThrownBy(() -> targets.checked("url", "http://example.com")).isInstanceOf(Refused.class);
        assertThat(targets.permitted("localhost", List.of(address("127.0.0.1"))))
                .hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", " ", "10.0.0.0/33", "10.0.0.0/x", "http://x", "a b", "*", "*.", "1.2.3.4.5", "a/8", "::1/129"
            })
    void entriesThatSayNothingAreRefused(String entry) {
        assertThatThrownBy(() -> Targets.of(List.of(entry), false)).isInstanceOf(IllegalArgumentException.class);
    }
}
