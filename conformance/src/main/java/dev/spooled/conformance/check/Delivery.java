package dev.spooled.conformance.check;

import dev.spooled.conformance.history.Op;
import tools.jackson.databind.JsonNode;

/// A job in the answer of a claim.
record Delivery(Op claim, JsonNode job) {
    String id() {
        return job.path("id").asString("");
    }

    String lease() {
        return job.path("lease").asString("");
    }

    /// When the lease ends, as the claim was told.
    long until() {
        return job.path("until").asLong(0);
    }

    /// When the lease began, by the server's clock. A server that was stopped meanwhile began it later.
    long granted() {
        return until() - claim.asked().path("lease_secs").asLong(0) * 1_000_000;
    }

    JsonNode payload() {
        return job.path("payload");
    }

    /// The number of the operation that made the job.
    long number() {
        return payload().path("n").asLong(-1);
    }
}
