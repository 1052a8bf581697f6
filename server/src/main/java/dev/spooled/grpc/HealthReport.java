package dev.spooled.grpc;

import dev.spooled.upkeep.Chore;
import java.time.Duration;

/// Keeps what gRPC's health says true.
public record HealthReport(GrpcServer server) implements Chore {
    @Override
    public String name() {
        return "grpc-health";
    }

    @Override
    public Duration every() {
        return Duration.ofSeconds(1);
    }

    @Override
    public boolean runOnce() {
        server.reportHealth();
        return false;
    }
}
