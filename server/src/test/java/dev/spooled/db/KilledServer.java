package dev.spooled.db;

import dev.spooled.support.TestDb;
import java.nio.file.Path;
import java.util.Map;

/// A server process for tests to kill: starts PostgreSQL in the given folder, says where it is, and waits for its end.
final class KilledServer {
    private KilledServer() {}

    public static void main(String[] args) throws Exception {
        var options = new PostgresOptions(TestDb.BINARIES, Map.of());
        EmbeddedPostgres postgres = EmbeddedPostgres.start(Path.of(args[0]), options, line -> {});
        System.out.println(postgres.processId());
        System.out.println(postgres.address().jdbcUrl());
        System.out.println(postgres.address().password());
        Thread.currentThread().join();
    }
}
