package dev.spooled.bench;

/// What a load driver needs of an HTTP answer.
///
/// @param keepAlive whether the connection may be used again
record HttpAnswer(int status, String body, boolean keepAlive) {
    boolean ok() {
        return status >= 200 && status < 300;
    }
}
