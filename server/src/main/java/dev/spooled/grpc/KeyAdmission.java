package dev.spooled.grpc;

import dev.spooled.access.ApiKeys;
import dev.spooled.access.Caller;
import dev.spooled.access.RateGate;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;

/// Admission by API keys.
public record KeyAdmission(ApiKeys keys, RateGate rate) implements Admission {
    @Override
    public Caller caller(String presented) {
        return keys.caller(presented).orElseThrow(() -> new Refused(new Refusal.Unauthenticated("Invalid API key")));
    }

    @Override
    public void charge(Caller caller) {
        var unused = rate.pass(caller);
    }
}
