package dev.spooled.ingestion;

/// Why a delivery is not believed. The organization reads the reason in its log; the sender is told nothing.
final class Rejected extends Exception {
    private static final long serialVersionUID = 1L;

    enum Reason {
        TOKEN_MISSING,
        TOKEN_WRONG,
        SIGNATURE_MISSING,
        SIGNATURE_WRONG,
        TOO_OLD,
        FROM_THE_FUTURE
    }

    private final Reason reason;

    Rejected(Reason reason) {
        super(reason.name(), null, false, false);
        this.reason = reason;
    }

    Reason reason() {
        return reason;
    }
}
