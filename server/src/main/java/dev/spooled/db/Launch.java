package dev.spooled.db;

import dev.spooled.config.CannotStart;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The words put before a PostgreSQL program so that it runs as `user`, in a session of its own (a Ctrl-C in the
/// terminal is the server's to answer, not PostgreSQL's), and is told to stop when the thread that started it is gone.
record Launch(
        OsUser user,
        boolean needsPassage,
        @Nullable Path setpriv,
        @Nullable Path su) {

    /// `reached` are folders the user must be able to walk into; where a folder above forbids that (a 0700 one of
    /// root's), the program is given the right to walk through.
    static Launch as(OsUser user, List<Path> reached) throws IOException {
        boolean open = true;
        for (Path folder : reached) {
            open &= open(folder);
        }
        return new Launch(user, !open, onPath("setpriv"), onPath("su"));
    }

    ProcessBuilder command(List<String> program) {
        boolean other = user.uid() != OsUser.self().uid();
        List<String> words = new ArrayList<>(ownSession());
        if (setpriv != null) {
            words.addAll(bySetpriv(setpriv, other));
            words.addAll(program);
        } else if (other) {
            words.addAll(bySu(program));
        } else {
            words.addAll(program);
        }
        var builder = new ProcessBuilder(words).directory(new File("/"));
        builder.environment().clear();
        builder.environment().putAll(Map.of("PATH", "/usr/bin:/bin", "LC_ALL", "C", "TZ", "UTC"));
        return builder;
    }

    /// What to do about a program that said `fault` instead of running.
    String advice(String fault) {
        return needsPassage && fault.startsWith("setpriv:")
                ? fault + " (the data directory lies under one that others may not walk into: choose another by"
                        + " SPOOLED_DATA_DIR)"
                : fault;
    }

    private static List<String> ownSession() {
        Path setsid = onPath("setsid");
        if (setsid != null) {
            return List.of(setsid.toString());
        }
        Path perl = onPath("perl");
        return perl == null
                ? List.of()
                : List.of(perl.toString(), "-MPOSIX", "-e", "POSIX::setsid(); exec {$ARGV[0]} @ARGV");
    }

    private List<String> bySetpriv(Path setpriv, boolean other) {
        List<String> words = new ArrayList<>(List.of(setpriv.toString(), "--pdeathsig=INT"));
        if (other) {
            words.addAll(List.of("--reuid=" + user.uid(), "--regid=" + user.gid(), "--clear-groups"));
        }
        if (other && needsPassage) {
            // Without the secure bit access(2), which initdb asks, would not count the capability.
            words.addAll(List.of(
                    "--securebits=+no_setuid_fixup", "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"));
        }
        return words;
    }

    private List<String> bySu(List<String> program) {
        if (su == null || user.name() == null) {
            throw new CannotStart("PostgreSQL does not run as root, and there is no setpriv to run it as another user: "
                    + "install util-linux, start the server as another user, or set DATABASE_URL");
        }
        if (needsPassage) {
            throw new CannotStart("user " + user.name() + ", as which PostgreSQL runs, cannot reach the data directory:"
                    + " set SPOOLED_DATA_DIR to one that others may walk into, or install util-linux");
        }
        String quoted = program.stream()
                .map(word -> "'" + word.replace("'", "'\\''") + "'")
                .reduce("exec", (line, word) -> line + " " + word);
        return List.of(su.toString(), "-s", "/bin/sh", "-c", quoted, user.name());
    }

    private static boolean open(Path folder) throws IOException {
        for (Path at = folder; at != null; at = at.getParent()) {
            if (!Files.getPosixFilePermissions(at).contains(PosixFilePermission.OTHERS_EXECUTE)) {
                return false;
            }
        }
        return true;
    }

    private static @Nullable Path onPath(String program) {
        for (String folder : List.of("/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin")) {
            Path path = Path.of(folder, program);
            if (Files.isExecutable(path)) {
                return path;
            }
        }
        return null;
    }
}
