package dev.spooled.web;

import java.time.Duration;

/// Told of every answered request. `route` is the template of the route, never the path a caller chose.
public interface RequestObserver {
    void answered(String method, String route, int status, Duration took);
}
