package dev.spooled.grpc;

import dev.spooled.access.Caller;
import dev.spooled.access.Credentials;
import dev.spooled.access.RateGate;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;

/// Admission by what every other door takes: API keys and access tokens.
public record CredentialAdmission(Credentials credentials, RateGate rate) implements Admission {
    @Override
    public Caller caller(String presented) {
        return credentials
                .find(presented)
                .orElseThrow(() -> new Refused(new Refusal.Unauthenticated("Invalid API key")));
    }

    @Override
    public void charge(Caller caller) {
        var unused = rate.pass(caller);
    }
}
