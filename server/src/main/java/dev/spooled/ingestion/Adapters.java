package dev.spooled.ingestion;

import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import java.util.List;

/// The providers whose signatures are known.
final class Adapters {
    static final List<Adapter> ALL = List.of(new GitHub(), new Stripe(), new Shopify());

    private Adapters() {}

    static Adapter named(String word) {
        return ALL.stream()
                .filter(adapter -> adapter.word().equals(word))
                .findFirst()
                .orElseThrow(() -> new Refused(new Refusal.NotFound("There is no provider " + word)));
    }
}
