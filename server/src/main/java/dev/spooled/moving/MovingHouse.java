package dev.spooled.moving;

import dev.spooled.config.CannotStart;
import dev.spooled.db.DatabaseUrl;
import dev.spooled.db.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/// Takes a server from its embedded PostgreSQL to another one: the new database is made ready and gets what is
/// big while the server goes on, then the server is stopped as by Ctrl-C, the rest is copied, and a server
/// started in the same data directory from then on uses the new database. The embedded one is left as it was.
public final class MovingHouse {
    private static final Duration STOPS_WITHIN = Duration.ofMinutes(5);

    private final Path dataDirectory;
    private final String url;
    private final Consumer<String> progress;

    public MovingHouse(Path dataDirectory, String url, Consumer<String> progress) {
        this.dataDirectory = dataDirectory;
        this.url = url;
        this.progress = progress;
    }

    /// `nobodyServed` is from when the server was asked to stop until the new database was complete.
    public record Account(Move.Account moved, Duration nobodyServed) {}

    public Account run() {
        var home = new NewHome(dataDirectory);
        if (!Files.isDirectory(dataDirectory.resolve("postgres"))) {
            throw new CannotStart("there is no embedded PostgreSQL in " + dataDirectory + ": nothing to move");
        }
        if (home.address().isPresent()) {
            throw new CannotStart("the jobs of " + dataDirectory + " have been moved already: see its file moved-to");
        }
        try {
            home.setOut();
            return run(home);
        } catch (IOException e) {
            throw new CannotStart("the move could not be written down in " + dataDirectory + ": " + e.getMessage(), e);
        } finally {
            try {
                home.giveUp();
            } catch (IOException e) {
                progress.accept("the file moving in " + dataDirectory + " could not be removed: " + e.getMessage());
            }
        }
    }

    private Account run(NewHome home) throws IOException {
        var target = DatabaseUrl.parse(url);
        try (var move = Move.into(target, progress)) {
            EmbeddedPostgres.running(dataDirectory).ifPresent(move::ahead);
            long began = System.nanoTime();
            EmbeddedPostgres.holder(dataDirectory).ifPresent(this::stop);
            Account account;
            try (var old = EmbeddedPostgres.start(dataDirectory, line -> {})) {
                Move.Account moved = move.finish(old.address());
                home.arrive(url);
                account = new Account(moved, Duration.ofNanos(System.nanoTime() - began));
            }
            home.giveUp();
            move.takeFigures();
            return account;
        }
    }

    private void stop(ProcessHandle server) {
        progress.accept("stopping the server (process " + server.pid() + ")");
        if (!server.destroy()) {
            throw new CannotStart("the server (process " + server.pid() + ") cannot be stopped from here");
        }
        try {
            server.onExit().get(STOPS_WITHIN.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new CannotStart("the server (process " + server.pid() + ") did not stop: nothing was moved", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CannotStart("the move was interrupted: nothing was moved", e);
        } catch (java.util.concurrent.ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }
}
