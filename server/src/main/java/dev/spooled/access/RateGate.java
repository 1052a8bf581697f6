package dev.spooled.access;

/// Whether a caller may send one more request now, and what it should know about its rate.
public interface RateGate {
    /// The bucket after this request: its size, what is left, and the unix second at which it is full again.
    record Allowance(int limit, int remaining, long resetAtSeconds) {}

    /// Takes one request from the caller's bucket or throws `Refused` (`RateLimited`).
    Allowance pass(Caller caller);
}
