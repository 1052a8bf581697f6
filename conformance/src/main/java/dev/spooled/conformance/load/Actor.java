package dev.spooled.conformance.load;

import java.util.Random;

/// Who asks, for which organization, with which dice. Not for several threads.
record Actor(String by, Org org, Random dice) {
    boolean chance(double share) {
        return dice.nextDouble() < share;
    }

    int between(int from, int to) {
        return from + dice.nextInt(to - from + 1);
    }

    <T> T one(java.util.List<T> of) {
        return of.get(dice.nextInt(of.size()));
    }
}
