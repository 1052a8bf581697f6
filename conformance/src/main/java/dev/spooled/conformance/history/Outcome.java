package dev.spooled.conformance.history;

/// How an operation ended for whoever asked.
public enum Outcome {
    /// Answered 2xx.
    OK,
    /// Answered 4xx: nothing has happened.
    FAIL,
    /// No answer, or 5xx: it may have happened, once, at any time since it was sent.
    UNKNOWN
}
