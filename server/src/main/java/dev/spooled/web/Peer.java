package dev.spooled.web;

import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import io.helidon.webserver.http.ServerRequest;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;

/// Where a request comes from: the connection's other end, or whom a trusted proxy speaks for, and whether such a proxy
/// says that the request came by TLS.
public record Peer(String address, boolean byTls) {
    private static final int SITE_BYTES = 8;

    /// Refuses what came in plain though there are proxies before this server that end TLS. Without any nothing
    /// is known of how requests come, and nothing asked.
    public static void checkTls(ServerRequest request) {
        if (!request.context().get(Peer.class).map(Peer::byTls).orElse(true)) {
            throw new Refused(new Refusal.BadRequest(
                    "HTTPS is required: the trusted proxy must say so (X-Forwarded-Proto: https)"));
        }
    }

    public static String addressOf(ServerRequest request) {
        return request.context()
                .get(Peer.class)
                .map(Peer::address)
                .orElseGet(() -> request.remotePeer().host());
    }

    /// What limits by address count by: somebody with one IPv6 address has the whole /64 it lies in.
    public static String networkOf(ServerRequest request) {
        return networkOf(addressOf(request));
    }

    static String networkOf(String address) {
        if (address.indexOf(':') < 0) {
            return address;
        }
        try {
            InetAddress known = InetAddress.ofLiteral(address);
            if (known instanceof Inet6Address) {
                byte[] site = Arrays.copyOf(Arrays.copyOf(known.getAddress(), SITE_BYTES), known.getAddress().length);
                return InetAddress.getByAddress(site).getHostAddress();
            }
            return known.getHostAddress();
        } catch (IllegalArgumentException | UnknownHostException e) {
            return address;
        }
    }
}
