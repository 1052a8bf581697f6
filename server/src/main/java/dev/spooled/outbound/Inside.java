package dev.spooled.outbound;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.List;
import java.util.stream.Stream;

/// Tells addresses of the Internet from all others: this machine, private networks, links, carriers' networks,
/// multicast, reserved blocks, and IPv6 addresses that hold an IPv4 address and lead there.
final class Inside {
    /// Everything of IPv4 that is not globally routed (IANA special-purpose registry), and the address under
    /// which one cloud has its machines' metadata.
    private static final List<Network> V4 = networks(
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
            "168.63.129.16/32");

    /// All that is globally routed. Outside of it lie loopback, unique local and link-local addresses, multicast,
    /// IPv4-mapped and IPv4-compatible addresses and NAT64.
    private static final Network V6 = Network.of("2000::/3");

    /// Of that: protocol assignments with Teredo, documentation, 6to4.
    private static final List<Network> V6_WITHOUT = networks("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20");

    private Inside() {}

    static boolean is(InetAddress address) {
        if (address instanceof Inet4Address) {
            return V4.stream().anyMatch(network -> network.holds(address));
        }
        return !V6.holds(address) || V6_WITHOUT.stream().anyMatch(network -> network.holds(address));
    }

    private static List<Network> networks(String... blocks) {
        return Stream.of(blocks).map(Network::of).toList();
    }
}
