package dev.spooled.webhooks;

import org.jspecify.annotations.Nullable;

/// What came of an attempt: a status and the beginning of the body, or an error before there was one.
record Answered(
        @Nullable Integer status,
        @Nullable String body,
        int millis,
        @Nullable String error,
        @Nullable String retryAfter) {
    private static final int GONE = 410;

    static Answered failed(String error, int millis) {
        return new Answered(null, null, millis, error, null);
    }

    boolean isSuccess() {
        return status != null && status >= 200 && status < 300;
    }

    /// The receiver never wants to be called again.
    boolean isGone() {
        return status != null && status == GONE;
    }
}
