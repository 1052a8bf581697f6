package dev.spooled.access;

import dev.spooled.db.Tx;

/// Whether an organization may have one more active key.
public interface KeyCap {
    /// Refused as `LimitReached` when not. Holds off everybody else who asks until the transaction ends.
    void oneMoreKey(Tx tx, int org);
}
