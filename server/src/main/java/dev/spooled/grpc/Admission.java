package dev.spooled.grpc;

import dev.spooled.access.Caller;

/// All that this door asks of access control, so that it is indifferent to what credentials there are.
public interface Admission {
    /// Who a presented credential stands for now, or `Refused` (`Unauthenticated`).
    Caller caller(String presented);

    /// Takes one request from the caller's bucket, or throws `Refused` (`RateLimited`).
    void charge(Caller caller);
}
