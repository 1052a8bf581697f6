package dev.spooled.web;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The proxies before this server. When one of them has connected, the caller's address is the last in
/// `X-Forwarded-For` that is not a trusted proxy's, and the last word of `X-Forwarded-Proto` is how the caller came;
/// from anybody else these headers say nothing.
public final class TrustedProxies implements Filter {
    public static final TrustedProxies NONE = new TrustedProxies(List.of());

    private static final HeaderName FORWARDED_FOR = HeaderNames.create("X-Forwarded-For");
    private static final HeaderName FORWARDED_PROTO = HeaderNames.create("X-Forwarded-Proto");
    private static final int MAX_HOPS = 32;

    private final List<Network> trusted;

    private TrustedProxies(List<Network> trusted) {
        this.trusted = trusted;
    }

    /// Of addresses or networks (`10.0.0.0/8`); `IllegalArgumentException` for what is neither.
    public static TrustedProxies of(List<String> named) {
        return named.isEmpty()
                ? NONE
                : new TrustedProxies(named.stream().map(Network::of).toList());
    }

    @Override
    public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
        if (!trusted.isEmpty()) {
            String peer = request.remotePeer().host();
            String origin = origin(peer, lines(request, FORWARDED_FOR));
            request.context().register(new Peer(origin, cameByTls(peer, lines(request, FORWARDED_PROTO))));
        }
        chain.proceed();
    }

    private static List<String> lines(RoutingRequest request, HeaderName name) {
        return request.headers().contains(name) ? request.headers().get(name).allValues() : List.of();
    }

    /// Whether the nearest proxy says so, and is trusted.
    boolean cameByTls(String peer, List<String> lines) {
        String last = lines.isEmpty() ? "" : lines.getLast();
        String word = last.substring(last.lastIndexOf(',') + 1).strip();
        return word.equalsIgnoreCase("https") && isTrusted(peer);
    }

    /// Where a request comes from that `peer` has sent under these lines of the header, the nearest proxy's word last.
    String origin(String peer, List<String> lines) {
        String origin = peer;
        List<String> hops = new ArrayList<>();
        lines.forEach(line -> hops.addAll(List.of(line.split(",", -1))));
        int last = Math.max(0, hops.size() - MAX_HOPS);
        for (int i = hops.size() - 1; i >= last && isTrusted(origin); i--) {
            InetAddress hop = Network.address(hops.get(i));
            if (hop == null) {
                break;
            }
            origin = hop.getHostAddress();
        }
        return origin;
    }

    private boolean isTrusted(String address) {
        InetAddress known = Network.address(address);
        return known != null && trusted.stream().anyMatch(network -> network.has(known));
    }

    /// Addresses that begin with the same bits.
    private record Network(byte[] address, int bits) {
        private static final Pattern IPV4 = Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}");

        static Network of(String text) {
            int slash = text.indexOf('/');
            InetAddress address = address(slash < 0 ? text : text.substring(0, slash));
            if (address == null) {
                throw new IllegalArgumentException("'" + text + "' is no address or network");
            }
            byte[] bytes = address.getAddress();
            int bits = slash < 0 ? bytes.length * 8 : bits(text, text.substring(slash + 1), bytes.length * 8);
            return new Network(bytes, bits);
        }

        private static int bits(String text, String number, int most) {
            int bits = number.matches("[0-9]{1,3}") ? Integer.parseInt(number) : -1;
            if (bits < 0 || bits > most) {
                throw new IllegalArgumentException("'" + text + "' must end in a number from 0 to " + most);
            }
            return bits;
        }

        /// Null for what is no address. A name is never looked up.
        static @Nullable InetAddress address(String text) {
            String bare = text.strip();
            if (bare.startsWith("[") && bare.contains("]")) {
                bare = bare.substring(1, bare.indexOf(']'));
            } else if (bare.indexOf(':') >= 0 && bare.indexOf(':') == bare.lastIndexOf(':')) {
                bare = bare.substring(0, bare.indexOf(':'));
            }
            try {
                // Java knows short forms of IPv4 that no proxy writes.
                return bare.indexOf(':') >= 0 || IPV4.matcher(bare).matches() ? InetAddress.ofLiteral(bare) : null;
            } catch (IllegalArgumentException e) {
                return null;
            }
        }

        boolean has(InetAddress other) {
            byte[] bytes = other.getAddress();
            if (bytes.length != address.length) {
                return false;
            }
            int whole = bits / 8;
            for (int i = 0; i < whole; i++) {
                if (bytes[i] != address[i]) {
                    return false;
                }
            }
            int rest = bits % 8;
            return rest == 0 || ((bytes[whole] ^ address[whole]) & 0xFF) >> (8 - rest) == 0;
        }
    }
}
