package dev.spooled.ingestion;

import java.time.Instant;
import java.util.List;

/// How one provider signs what it sends and what its events are called. A new provider is a class here and a line in
/// `Adapters`.
sealed interface Adapter permits GitHub, Stripe, Shopify {
    /// Its name in paths, settings and the log.
    String word();

    /// Proves that the delivery comes from whoever knows one of the secrets, and is not an old one sent again.
    void verify(Delivery delivery, List<String> secrets, Instant now) throws Rejected;

    /// Reads a delivery that was verified. What is not an event of the provider is refused.
    Event read(Delivery delivery);
}
