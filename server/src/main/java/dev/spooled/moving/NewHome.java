package dev.spooled.moving;

import dev.spooled.config.CannotStart;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;

/// What a data directory says about where its jobs went: while a move is under way no server may start in it,
/// and after one a server that is started as before uses the new database. Two small files, since a move can
/// be cut off anywhere.
public record NewHome(Path dataDirectory) {
    private Path underWay() {
        return dataDirectory.resolve("moving");
    }

    private Path moved() {
        return dataDirectory.resolve("moved-to");
    }

    /// DATABASE_URL of the database that everything was moved to. Refuses while the move is still under way.
    public Optional<String> address() {
        try {
            if (isUnderWay()) {
                throw new CannotStart("the jobs of " + dataDirectory + " are being moved: try again when that is done");
            }
            return Files.exists(moved()) ? Optional.of(Files.readString(moved()).strip()) : Optional.empty();
        } catch (IOException e) {
            throw new CannotStart("the file " + moved() + " cannot be read: " + e.getMessage(), e);
        }
    }

    /// Whether the process that set out to move is still there.
    private boolean isUnderWay() throws IOException {
        if (!Files.exists(underWay())) {
            return false;
        }
        long process = Long.parseLong(Files.readString(underWay()).strip());
        return process != ProcessHandle.current().pid()
                && ProcessHandle.of(process).map(ProcessHandle::isAlive).orElse(false);
    }

    void setOut() throws IOException {
        Files.writeString(underWay(), Long.toString(ProcessHandle.current().pid()));
    }

    void arrive(String url) throws IOException {
        Path part = dataDirectory.resolve("moved-to.part");
        Files.deleteIfExists(part);
        Files.createFile(part, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(part, url);
        Files.move(part, moved(), StandardCopyOption.ATOMIC_MOVE);
    }

    void giveUp() throws IOException {
        Files.deleteIfExists(underWay());
    }
}
