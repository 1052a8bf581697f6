package dev.spooled.db;

import dev.spooled.config.CannotStart;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/// PostgreSQL's data on disk before PostgreSQL runs on it: made where missing, refused where it is not ours to run, and
/// cleared of whatever an earlier life has left running.
final class Cluster {
    private static final long ROOM_TO_MAKE = 300L << 20;
    private static final long ROOM_TO_START = 48L << 20;
    private static final Duration CHILDREN_LEAVE_WITHIN = Duration.ofSeconds(30);
    private static final Duration POLL = Duration.ofMillis(10);

    private final DataDirectory directory;
    private final Path path;
    private final PostgresBinaries binaries;
    private final OsUser user;
    private final Launch launch;

    Cluster(DataDirectory directory, PostgresBinaries binaries, OsUser user, Launch launch) {
        this.directory = directory;
        this.path = directory.cluster();
        this.binaries = binaries;
        this.user = user;
        this.launch = launch;
    }

    void prepare(Consumer<String> progress) throws IOException, InterruptedException {
        if (!Files.exists(path)) {
            progress.accept("Making the database in " + directory.path() + " (once)");
            DataDirectory.requireRoom(directory.path(), ROOM_TO_MAKE);
            make();
            return;
        }
        requireOurVersion();
        DataDirectory.requireRoom(directory.path(), ROOM_TO_START);
        clearEarlierLife(progress);
    }

    /// initdb beside the place, then a rename: what is there is whole.
    private void make() throws IOException, InterruptedException {
        directory.password(user);
        Path part = path.resolveSibling(path.getFileName() + ".part");
        PostgresBinaries.delete(part);
        Files.createDirectory(part);
        Files.setPosixFilePermissions(part, PosixFilePermissions.fromString("rwx------"));
        user.own(part);
        Process initdb = launch.command(List.of(
                        binaries.program("initdb"),
                        "--pgdata=" + part,
                        "--username=" + EmbeddedPostgres.USER,
                        "--pwfile=" + directory.passwordFile(),
                        "--auth=scram-sha-256",
                        "--encoding=UTF8",
                        "--locale=C",
                        "--locale-provider=builtin",
                        "--builtin-locale=C.UTF-8"))
                .redirectErrorStream(true)
                .start();
        initdb.getOutputStream().close();
        String said = new String(initdb.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (initdb.waitFor() != 0) {
            throw new CannotStart(
                    "the database could not be made in " + directory.path() + ": " + launch.advice(faultIn(said)));
        }
        Files.move(part, path, StandardCopyOption.ATOMIC_MOVE);
    }

    private static String faultIn(String said) {
        return said.lines()
                .filter(line -> line.contains("error:") || line.contains("FATAL"))
                .findFirst()
                .orElse(said.lines().reduce("it said nothing", (first, last) -> last))
                .strip();
    }

    private void requireOurVersion() throws IOException {
        Path file = path.resolve("PG_VERSION");
        if (!Files.exists(file)) {
            throw new CannotStart(path + " is not the data of a PostgreSQL (it has no PG_VERSION): move it away");
        }
        String version = Files.readString(file).strip();
        if (!version.equals(Integer.toString(binaries.majorVersion()))) {
            throw new CannotStart("the data in " + path + " was written by PostgreSQL " + version
                    + ", this server brings PostgreSQL " + binaries.majorVersion()
                    + ": keep the earlier server, or move the data by pg_dump and restore");
        }
    }

    /// An orphan of a killed server is stopped gently and started anew by us, for then its settings and its life
    /// are ours. A pid file whose process is gone is PostgreSQL's own to judge, which also looks for children that
    /// survived; one that names a zombie or an unrelated process we remove, for PostgreSQL would not start over it.
    private void clearEarlierLife(Consumer<String> progress) throws IOException, InterruptedException {
        Optional<PostmasterFile> left = PostmasterFile.in(path);
        if (left.isEmpty()) {
            return;
        }
        PostmasterFile file = left.get();
        OsProcess process = file.process();
        if (process.runs() && process.serves(path, file.directory())) {
            progress.accept("Stopping the PostgreSQL that a killed server has left running");
            stop(process);
        } else if (process.runs() && process.isPostgres() && !file.directory().equals(path)) {
            throw new CannotStart(path.resolve(PostmasterFile.NAME) + " names process " + process.pid()
                    + ", a PostgreSQL that runs on " + file.directory() + ": this is a copy of a running database;"
                    + " stop that one and copy again");
        } else if (process.runs() || process.isZombie()) {
            removeStalePidFile(process);
        }
    }

    private void stop(OsProcess orphan) throws IOException, InterruptedException {
        orphan.signal("INT");
        long end = System.nanoTime() + Postmaster.STOP_WITHIN.toNanos();
        while (orphan.runs()) {
            if (System.nanoTime() - end > 0) {
                throw new CannotStart("process " + orphan.pid() + ", a PostgreSQL left on " + path
                        + ", does not stop: stop it and start again");
            }
            LockSupport.parkNanos(POLL.toNanos());
        }
        if (orphan.isZombie()) {
            removeStalePidFile(orphan);
        }
    }

    /// The children of a killed PostgreSQL notice within moments; as long as one works here, the pid file must stay.
    private void removeStalePidFile(OsProcess process) throws IOException {
        long end = System.nanoTime() + CHILDREN_LEAVE_WITHIN.toNanos();
        while (OsProcess.anyWorksIn(path)) {
            if (System.nanoTime() - end > 0) {
                throw new CannotStart("processes of an earlier PostgreSQL (" + process.pid() + ") still work in " + path
                        + ": stop them and start again");
            }
            LockSupport.parkNanos(POLL.toNanos());
        }
        Files.deleteIfExists(path.resolve(PostmasterFile.NAME));
    }
}
