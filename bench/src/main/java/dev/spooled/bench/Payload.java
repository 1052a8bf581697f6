package dev.spooled.bench;

/// Job payloads of one size that carry the instant they were sent, so that a worker can tell how long the job took to
/// reach it.
final class Payload {
    static final int BYTES = 300;
    private static final String HEAD = "{\"sent\":";
    private static final String FILL_HEAD = ",\"fill\":\"";
    private static final String TAIL = "\"}";
    private static final String FILL = "x".repeat(BYTES);

    private Payload() {}

    static String sentNow() {
        var sent = Long.toString(System.nanoTime());
        int fill = BYTES - HEAD.length() - sent.length() - FILL_HEAD.length() - TAIL.length();
        return HEAD + sent + FILL_HEAD + FILL.substring(0, fill) + TAIL;
    }
}
