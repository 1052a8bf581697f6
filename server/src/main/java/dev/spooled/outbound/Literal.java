package dev.spooled.outbound;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.Optional;

/// Addresses written as text, without asking a name server. Besides `127.0.0.1` IPv4 has spellings that C
/// libraries take (`127.1`, `0x7f.1`, `017700000001`, `2130706433`); they are read here as there.
final class Literal {
    private static final int MAX_PARTS = 4;

    private Literal() {}

    /// The address a host is, if it is none to look up. IPv6 may stand in brackets.
    static Optional<InetAddress> address(String host) {
        String text = host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
        return text.indexOf(':') >= 0 ? v6(text) : v4(text);
    }

    /// Whether the last label is a number: no name on the Internet ends so.
    static boolean endsInNumber(String host) {
        String last = host.substring(host.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
        return last.matches("[0-9]+|0x[0-9a-f]*");
    }

    /// Zones are not taken: an address with one is of this machine's links.
    private static Optional<InetAddress> v6(String text) {
        if (!text.matches("[0-9a-fA-F:.]+")) {
            return Optional.empty();
        }
        try {
            return Optional.of(InetAddress.getByName(text));
        } catch (UnknownHostException e) {
            return Optional.empty();
        }
    }

    private static Optional<InetAddress> v4(String text) {
        String[] parts = text.split("\\.", -1);
        if (parts.length > MAX_PARTS) {
            return Optional.empty();
        }
        long value = 0;
        for (int i = 0; i < parts.length; i++) {
            long part = number(parts[i]);
            boolean last = i == parts.length - 1;
            long limit = last ? 1L << 8 * (MAX_PARTS - i) : 256;
            if (part < 0 || part >= limit) {
                return Optional.empty();
            }
            value = last ? value << 8 * (MAX_PARTS - i) | part : value << 8 | part;
        }
        return Optional.of(of((int) value));
    }

    /// Decimal, octal with a leading 0, hexadecimal with 0x; -1 for anything else.
    private static long number(String part) {
        String text = part.toLowerCase(Locale.ROOT);
        try {
            if (text.matches("0x[0-9a-f]{1,8}")) {
                return Long.parseLong(text, 2, text.length(), 16);
            }
            if (text.matches("0[0-7]{1,11}")) {
                return Long.parseLong(text, 8);
            }
            return text.matches("[0-9]{1,10}") ? Long.parseLong(text) : -1;
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    private static InetAddress of(int value) {
        byte[] bytes = {(byte) (value >>> 24), (byte) (value >>> 16), (byte) (value >>> 8), (byte) value};
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }
}
