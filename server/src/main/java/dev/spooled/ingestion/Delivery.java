package dev.spooled.ingestion;

import java.util.Optional;
import java.util.function.Function;

/// What a provider sent: its headers by name, and the body byte by byte, since that is what is signed.
record Delivery(Function<String, Optional<String>> headers, byte[] body) {
    Optional<String> header(String name) {
        return headers.apply(name).map(String::strip).filter(value -> !value.isEmpty());
    }
}
