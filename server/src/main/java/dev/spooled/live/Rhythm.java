package dev.spooled.live;

import java.time.Duration;

/// When things are done on an open connection.
///
/// @param keepAlive an idle SSE stream gets a comment
/// @param ping a WebSocket gets a `Ping` event
/// @param probe a WebSocket gets a ping of the protocol; it is closed after three without any sign of life
/// @param health the streams of an organization get a `SystemHealth`
/// @param stats the counters of a queue that changed are told, at most
/// @param again the state of a queue or job that is listened to by name is read again
/// @param recheck credentials are looked at again
/// @param slow a write may hang when more than a connection may keep is waiting behind it
/// @param farewell a connection has to end in once told so
/// @param linger a feed is kept after its last listener
public record Rhythm(
        Duration keepAlive,
        Duration ping,
        Duration probe,
        Duration health,
        Duration stats,
        Duration again,
        Duration recheck,
        Duration slow,
        Duration farewell,
        Duration linger) {
    public static final Rhythm STANDARD = new Rhythm(
            Duration.ofSeconds(15),
            Duration.ofSeconds(30),
            Duration.ofSeconds(20),
            Duration.ofSeconds(10),
            Duration.ofSeconds(1),
            Duration.ofSeconds(5),
            Duration.ofSeconds(2),
            Duration.ofSeconds(2),
            Duration.ofSeconds(3),
            Duration.ofMinutes(5));

    /// All of it so many times faster, for tests.
    public Rhythm faster(int times) {
        return new Rhythm(
                keepAlive.dividedBy(times),
                ping.dividedBy(times),
                probe.dividedBy(times),
                health.dividedBy(times),
                stats.dividedBy(times),
                again.dividedBy(times),
                recheck.dividedBy(times),
                slow.dividedBy(times),
                farewell.dividedBy(times),
                linger);
    }
}
