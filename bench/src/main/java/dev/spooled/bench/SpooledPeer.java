package dev.spooled.bench;

import dev.spooled.App;
import dev.spooled.config.ConfigReader;
import dev.spooled.db.DbAddress;
import dev.spooled.engine.Lane;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/// Our own rows of the table: the engine in this process with single and with batched enqueues, and the whole server by
/// its batch service; each with both ways of the lane.
final class SpooledPeer {
    private static final String SYSTEM = "spooled";
    private static final Duration PATIENCE = Duration.ofSeconds(1);
    private static final String UNFINISHED =
            "select (select count(*) from spooled.ready) + (select count(*) from spooled.lease)";
    private static final String FINISHED = "select count(*) from spooled.done where status = 3";

    /// The same callers as `bench engine`.
    private static final Load SINGLE =
            new Load(400, 400, 100, 1, 10, PATIENCE, 1, PeerLoad.UNFINISHED_MAX, true, Duration.ZERO);

    private static final Load BATCHED =
            new Load(8, 48, 48, 1, 100, PATIENCE, 100, PeerLoad.UNFINISHED_MAX, true, Duration.ZERO);

    /// The same callers as `bench grpc --mode batch`.
    private static final Load GRPC =
            new Load(16, 32, 16, 1, 100, PATIENCE, 100, PeerLoad.UNFINISHED_MAX, true, Duration.ZERO);

    private static final int GRPC_CONNECTIONS = 4;
    private static final AtomicInteger TURNS = new AtomicInteger();

    private SpooledPeer() {}

    static List<Contender> contenders() {
        var contenders = new ArrayList<Contender>();
        for (var way : Lane.Way.values()) {
            contenders.add(engine("single", way, SINGLE, "400 callers enqueue singly, 400 claim up to 10"));
        }
        for (var way : Lane.Way.values()) {
            contenders.add(engine("batched", way, BATCHED, "8 callers enqueue 100 at once, 48 claim up to 100"));
        }
        for (var way : Lane.Way.values()) {
            contenders.add(server(way));
        }
        return contenders;
    }

    private static Contender engine(String row, Lane.Way way, Load load, String callers) {
        var settings = "in process: " + callers + ", wait for jobs, complete each singly";
        return contender(row + "-" + word(way), settings, address -> {
            forgetNodes(address);
            var engine = new EmbeddedEngine(address, load.queues(), way, 0, null);
            return new LoadRunning(load, () -> new ReadingDoor(engine), engine);
        });
    }

    private static Contender server(Lane.Way way) {
        var settings = "the server in this process, over gRPC: 16 callers enqueue 100 at once;"
                + " 32 workers on streams, completing what they have by one call";
        return contender("grpc-" + word(way), settings, address -> {
            forgetNodes(address);
            return overGrpc(address, way);
        });
    }

    private static Contender contender(String way, String settings, Contender.Source source) {
        return new Contender(SYSTEM, way, "of this build", settings, true, UNFINISHED, FINISHED, source);
    }

    private static Running overGrpc(DbAddress address, Lane.Way way) throws IOException {
        var data = Files.createDirectories(BenchFolder.at("target", "peers-data", database(address)));
        var app = started(address, way, data);
        var key = Files.readString(data.resolve("default.key")).strip();
        var lines = new GrpcLines("127.0.0.1:" + app.grpcPort(), key, GRPC_CONNECTIONS);
        var prefix = "turn-" + TURNS.incrementAndGet() + "-";
        return new LoadRunning(GRPC, () -> new GrpcBatchDoor(lines.next(), prefix), () -> {
            lines.close();
            app.close();
        });
    }

    /// Starts the server without its greeting.
    private static App started(DbAddress address, Lane.Way way, Path data) {
        var screen = System.out;
        System.setOut(new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8));
        try {
            return new App(ConfigReader.read(Map.of(), environment(address, way, data))).start();
        } finally {
            System.setOut(screen);
        }
    }

    private static Map<String, String> environment(DbAddress address, Lane.Way way, Path data) {
        return Map.of(
                "HOST", "127.0.0.1",
                "PORT", "0",
                "GRPC_PORT", "0",
                "METRICS_PORT", "0",
                "SPOOLED_DATA_DIR", data.toString(),
                "SPOOLED_LANE", word(way),
                "DATABASE_URL", url(address));
    }

    /// As programs outside Java write it.
    static String url(DbAddress address) {
        var login = address.user() + ":" + URLEncoder.encode(address.password(), StandardCharsets.UTF_8) + "@";
        return address.jdbcUrl().replace("jdbc:postgresql://", "postgres://" + login);
    }

    private static String database(DbAddress address) {
        return address.jdbcUrl().substring(address.jdbcUrl().lastIndexOf('/') + 1);
    }

    /// The node of the turn before has been closed; while it counted as alive, the lane would stay with the exact way.
    private static void forgetNodes(DbAddress address) throws SQLException {
        try (var connection = BenchPostgres.connect(address);
                var statement = connection.createStatement()) {
            statement.execute("""
                    do $$ begin
                      if to_regclass('spooled.node') is not null then delete from spooled.node; end if;
                    end $$""");
        }
    }

    private static String word(Lane.Way way) {
        return way.name().toLowerCase(Locale.ROOT);
    }
}
