package dev.spooled.outbound;

import java.net.InetAddress;
import java.util.Optional;

/// A block of addresses, as in `10.0.0.0/8`. Addresses of another family are outside.
record Network(InetAddress first, int bits) {

    /// From text that the caller knows to be good.
    static Network of(String text) {
        return parse(text).orElseThrow(() -> new IllegalArgumentException(text));
    }

    /// A block, or a single address; empty for anything else.
    static Optional<Network> parse(String text) {
        String[] parts = text.split("/", 2);
        Optional<InetAddress> first = Literal.address(parts[0]);
        if (first.isEmpty()) {
            return Optional.empty();
        }
        int most = first.get().getAddress().length * 8;
        if (parts.length == 1) {
            return Optional.of(new Network(first.get(), most));
        }
        if (!parts[1].matches("[0-9]{1,3}") || Integer.parseInt(parts[1]) > most) {
            return Optional.empty();
        }
        return Optional.of(new Network(first.get(), Integer.parseInt(parts[1])));
    }

    boolean holds(InetAddress address) {
        byte[] mine = first.getAddress();
        byte[] other = address.getAddress();
        if (mine.length != other.length) {
            return false;
        }
        for (int bit = 0; bit < bits; bit++) {
            int mask = 0x80 >> bit % 8;
            if (((mine[bit / 8] ^ other[bit / 8]) & mask) != 0) {
                return false;
            }
        }
        return true;
    }
}
