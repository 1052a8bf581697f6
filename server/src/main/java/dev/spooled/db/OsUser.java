package dev.spooled.db;

import com.sun.security.auth.module.UnixSystem;
import dev.spooled.config.CannotStart;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The user that PostgreSQL runs as. It refuses to run as root, so a server of root's hands it to the user who owns the
/// data already, else to `postgres`, else to `nobody`, else to a number nobody has.
record OsUser(@Nullable String name, int uid, int gid) {
    private static final int FIRST_UNUSED = 50_432;

    static boolean isRoot() {
        return self().uid == 0;
    }

    static OsUser self() {
        var system = new UnixSystem();
        return new OsUser(system.getUsername(), (int) system.getUid(), (int) system.getGid());
    }

    /// The user for the data directory `cluster`, which may not exist yet.
    static OsUser forCluster(Path cluster) throws IOException {
        OsUser self = self();
        if (Files.exists(cluster)) {
            return ownerOf(cluster, self);
        }
        return self.uid == 0 ? unprivileged() : self;
    }

    /// Gives a file to this user, where that is another than ourselves.
    void own(Path file) throws IOException {
        if (uid != self().uid) {
            Files.setAttribute(file, "unix:uid", uid);
            Files.setAttribute(file, "unix:gid", gid);
        }
    }

    private static OsUser ownerOf(Path cluster, OsUser self) throws IOException {
        int uid = (int) Files.getAttribute(cluster, "unix:uid");
        int gid = (int) Files.getAttribute(cluster, "unix:gid");
        if (uid == 0 && self.uid == 0) {
            throw new CannotStart("the PostgreSQL data in " + cluster
                    + " belongs to root, as which PostgreSQL does not run: give it back by chown -R");
        }
        if (self.uid != 0 && self.uid != uid) {
            throw new CannotStart("the PostgreSQL data in " + cluster + " belongs to user " + nameOf(uid)
                    + ", but this server runs as " + nameOf(self.uid) + ": start it as the former, or chown -R");
        }
        return new OsUser(find(uid), uid, gid);
    }

    private static OsUser unprivileged() throws IOException {
        List<OsUser> users = all();
        for (String wanted : List.of("postgres", "nobody")) {
            for (OsUser user : users) {
                if (wanted.equals(user.name)) {
                    return user;
                }
            }
        }
        Set<Integer> taken = new HashSet<>();
        users.forEach(user -> taken.add(user.uid));
        int free = FIRST_UNUSED;
        while (taken.contains(free)) {
            free++;
        }
        return new OsUser(null, free, free);
    }

    private static @Nullable String find(int uid) throws IOException {
        for (OsUser user : all()) {
            if (user.uid == uid) {
                return user.name;
            }
        }
        return null;
    }

    private static String nameOf(int uid) throws IOException {
        String name = find(uid);
        return name == null ? Integer.toString(uid) : name;
    }

    private static List<OsUser> all() throws IOException {
        Path file = Path.of("/etc/passwd");
        if (!Files.isReadable(file)) {
            return List.of();
        }
        return Files.readAllLines(file).stream()
                .map(line -> line.split(":", -1))
                .filter(fields -> fields.length >= 7)
                .map(fields -> new OsUser(fields[0], Integer.parseInt(fields[2]), Integer.parseInt(fields[3])))
                .toList();
    }
}
