package dev.spooled.health;

import dev.spooled.json.Json;
import dev.spooled.refusal.Refused;
import dev.spooled.web.Answer;
import dev.spooled.web.Door;
import dev.spooled.web.Routes;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/// Health over HTTP, without a key: alive (this process answers), ready (it can take work), and the summary.
public final class HealthHttp implements Door {
    private static final byte[] HEALTHY = Json.write(to -> to.text("status", "healthy"));

    private final BooleanSupplier ready;
    private final BooleanSupplier database;
    private final BooleanSupplier bus;
    private final Supplier<List<Integer>> away;

    /// `ready` is true from the first round trip of the lane until the server stops; `bus` while nodes hear of each
    /// other at once.
    public HealthHttp(BooleanSupplier ready, BooleanSupplier database, BooleanSupplier bus) {
        this(ready, database, bus, List::of);
    }

    /// `away` names further cells that cannot be worked now.
    public HealthHttp(
            BooleanSupplier ready, BooleanSupplier database, BooleanSupplier bus, Supplier<List<Integer>> away) {
        this.ready = ready;
        this.database = database;
        this.bus = bus;
        this.away = away;
    }

    @Override
    public void open(Routes routes) {
        routes.get("/health", this::summary)
                .get("/health/live", (request, response) -> Answer.json(request, response, 200, HEALTHY))
                .get("/health/ready", this::readiness);
    }

    /// The cache lives in this process, so it is always there. Without the bus all is done, only later.
    private void summary(ServerRequest request, ServerResponse response) {
        boolean answers = database.getAsBoolean();
        boolean together = bus.getAsBoolean();
        List<Integer> cellsAway = away.get();
        boolean healthy = answers && together && cellsAway.isEmpty();
        byte[] body = Json.write(to -> {
            to.text("status", healthy ? "healthy" : "degraded")
                    .flag("database", answers)
                    .flag("cache", true)
                    .text("bus", together ? "ok" : "degraded");
            if (!cellsAway.isEmpty()) {
                to.texts("cells_away", cellsAway.stream().map(String::valueOf).toList());
            }
        });
        Answer.json(request, response, 200, body);
    }

    private void readiness(ServerRequest request, ServerResponse response) {
        if (!database.getAsBoolean()) {
            throw Refused.unavailable("The database does not answer");
        }
        if (!ready.getAsBoolean()) {
            throw Refused.unavailable("The server is not ready");
        }
        Answer.json(request, response, 200, HEALTHY);
    }
}
