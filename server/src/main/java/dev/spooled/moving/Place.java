package dev.spooled.moving;

import dev.spooled.config.CannotStart;
import dev.spooled.db.DatabaseUrl;
import dev.spooled.db.DbAddress;
import dev.spooled.db.EmbeddedPostgres;
import dev.spooled.db.Migrator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Where a server keeps its jobs, found as the server finds it: `url`, or what the data directory says, or
/// the embedded PostgreSQL in it, which is started when no server runs there and stopped again at the end.
public final class Place implements AutoCloseable {
    private final DbAddress address;
    private final @Nullable EmbeddedPostgres started;

    private Place(DbAddress address, @Nullable EmbeddedPostgres started) {
        this.address = address;
        this.started = started;
    }

    public static Place of(@Nullable String url, Path dataDirectory) {
        if (url != null) {
            return migrated(new Place(DatabaseUrl.parse(url), null));
        }
        if (!Files.isDirectory(dataDirectory)) {
            throw new CannotStart("there is no data directory " + dataDirectory + ", and no DATABASE_URL is given");
        }
        Optional<String> moved = new NewHome(dataDirectory).address();
        if (moved.isPresent()) {
            return migrated(new Place(DatabaseUrl.parse(moved.get()), null));
        }
        try {
            Optional<DbAddress> running = EmbeddedPostgres.running(dataDirectory);
            if (running.isPresent()) {
                return new Place(running.get(), null);
            }
        } catch (IOException e) {
            throw new CannotStart("the data directory " + dataDirectory + " cannot be read: " + e.getMessage(), e);
        }
        var started = EmbeddedPostgres.start(dataDirectory, line -> {});
        return migrated(new Place(started.address(), started));
    }

    private static Place migrated(Place place) {
        try {
            new Migrator(place.address).migrate();
            return place;
        } catch (RuntimeException e) {
            place.close();
            throw e;
        }
    }

    public DbAddress address() {
        return address;
    }

    @Override
    public void close() {
        if (started != null) {
            started.close();
        }
    }
}
