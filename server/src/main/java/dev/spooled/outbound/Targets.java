package dev.spooled.outbound;

import dev.spooled.refusal.Refused;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// Where webhooks may go: to public addresses over https, and to what the operator has listed (addresses,
/// networks, host names, `*.` names), also over http. Asked twice: for the form of a URL when it is given, and
/// for the addresses of its host each time before a connection is opened, since a name may lead elsewhere by
/// then.
public final class Targets {
    private static final int MAX_LENGTH = 2_048;
    private static final int MAX_PORT = 65_535;
    private static final List<String> THIS_MACHINE = List.of("localhost", "*.localhost", "127.0.0.0/8", "::1");
    private static final Set<String> INSIDE_NAMES =
            Set.of("localhost", "local", "internal", "localdomain", "lan", "home", "corp", "intranet", "arpa");

    private final List<Network> networks = new ArrayList<>();
    private final List<String> names = new ArrayList<>();

    private Targets(List<String> allowed) {
        for (String entry : allowed) {
            Optional<Network> network = Network.parse(entry);
            network.ifPresentOrElse(networks::add, () -> names.add(name(entry)));
        }
    }

    /// An entry that is no address, network or name is an `IllegalArgumentException`. `development` adds this
    /// machine.
    public static Targets of(List<String> allowed, boolean development) {
        var all = new ArrayList<String>(allowed);
        if (development) {
            all.addAll(THIS_MACHINE);
        }
        return new Targets(all);
    }

    /// Public addresses over https and nothing else.
    public static Targets ofTheInternet() {
        return new Targets(List.of());
    }

    private static String name(String entry) {
        String name = entry.toLowerCase(Locale.ROOT);
        if (!name.matches("(\\*\\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9])?") || Literal.endsInNumber(name)) {
            throw new IllegalArgumentException(entry);
        }
        return name;
    }

    /// The URL, if a webhook may have it; `field` is named when not.
    public URI checked(String field, String url) {
        URI uri = parsed(field, url);
        String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
        String host = uri.getHost();
        if (!scheme.equals("https") && !scheme.equals("http")) {
            throw invalid(field, "it must begin with https://");
        }
        if (host == null || host.isEmpty()) {
            throw invalid(field, "it has no host");
        }
        if (uri.getRawUserInfo() != null) {
            throw invalid(field, "it may not hold credentials");
        }
        if (uri.getPort() == 0 || uri.getPort() > MAX_PORT) {
            throw invalid(field, "it has no such port");
        }
        if (!isListed(host)) {
            checkOutside(field, host);
            if (scheme.equals("http")) {
                throw invalid(field, "HTTP not allowed, it must begin with https://");
            }
        }
        return uri;
    }

    private static void checkOutside(String field, String host) {
        Optional<InetAddress> address = Literal.address(host);
        boolean inside = address.isPresent() ? Inside.is(address.get()) || isMapped(host) : isInsideName(host);
        if (inside) {
            throw invalid(field, "it does not lead to the public Internet");
        }
    }

    /// Java makes an IPv4 address of a mapped one before anybody can look at it.
    private static boolean isMapped(String host) {
        return host.indexOf(':') >= 0
                && Literal.address(host).filter(a -> a.getAddress().length == 4).isPresent();
    }

    private static boolean isInsideName(String host) {
        String name = plain(host);
        String last = name.substring(name.lastIndexOf('.') + 1);
        return name.indexOf('.') < 0 || INSIDE_NAMES.contains(last) || Literal.endsInNumber(name);
    }

    /// What may be dialled for the host, of all the addresses its name has. If one of them lies inside, none may.
    public List<InetAddress> permitted(String host, List<InetAddress> addresses) throws UnknownHostException {
        boolean known = isListed(plain(host));
        for (InetAddress address : addresses) {
            boolean listed = known || networks.stream().anyMatch(network -> network.holds(address));
            if (!listed && Inside.is(address)) {
                throw new ForbiddenTarget(host);
            }
        }
        return addresses;
    }

    private boolean isListed(String host) {
        String name = plain(host);
        Optional<InetAddress> address = Literal.address(name);
        return address.isPresent()
                ? networks.stream().anyMatch(network -> network.holds(address.get()))
                : names.stream().anyMatch(listed -> matches(listed, name));
    }

    private static boolean matches(String listed, String name) {
        return listed.startsWith("*.") ? name.endsWith(listed.substring(1)) : listed.equals(name);
    }

    private static String plain(String host) {
        String name = host.toLowerCase(Locale.ROOT);
        return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
    }

    private static URI parsed(String field, String url) {
        if (url.length() > MAX_LENGTH) {
            throw invalid(field, "it is longer than " + MAX_LENGTH + " characters");
        }
        try {
            return new URI(url);
        } catch (URISyntaxException e) {
            throw invalid(field, "it is no URL");
        }
    }

    private static Refused invalid(String field, String why) {
        return Refused.invalid(field, "Invalid webhook URL: " + why);
    }

    @Override
    public String toString() {
        return "the Internet" + (names.isEmpty() ? "" : ", " + names) + (networks.isEmpty() ? "" : ", " + networks);
    }
}
