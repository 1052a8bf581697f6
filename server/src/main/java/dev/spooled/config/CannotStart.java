package dev.spooled.config;

/// The server cannot start, and the operator can do something about it: `Main` prints the message, which is one line,
/// and ends. Expected, so it has no stack trace of its own.
public final class CannotStart extends RuntimeException {
    public CannotStart(String message) {
        super(message, null, false, false);
    }

    public CannotStart(String message, Throwable cause) {
        super(message, cause, false, false);
    }
}
