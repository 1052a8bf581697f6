package dev.spooled.engine;

import java.util.Set;

/// Who is to hear of a batch: whether anybody watches live, and which organizations have webhooks.
record Audience(boolean watching, Set<Integer> hooked) {
    static final Audience NOBODY = new Audience(false, Set.of());

    boolean hasHooks() {
        return !hooked.isEmpty();
    }
}
