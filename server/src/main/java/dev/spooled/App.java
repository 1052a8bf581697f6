package dev.spooled;

import dev.spooled.config.Config;
import dev.spooled.db.EmbeddedPostgres;
import dev.spooled.db.Migrator;

/// The composition root.
final class App implements AutoCloseable {
    private final EmbeddedPostgres postgres;

    App(Config config) {
        postgres = EmbeddedPostgres.start(config.storage().dataDirectory(), System.out::println);
    }

    void start() {
        new Migrator(postgres.address()).migrate();
        System.out.println("Database ready");
    }

    @Override
    public void close() {
        postgres.close();
    }
}
