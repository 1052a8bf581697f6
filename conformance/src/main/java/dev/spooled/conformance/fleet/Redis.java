package dev.spooled.conformance.fleet;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// A Redis of this run's own, which keeps nothing.
final class Redis {
    private final int port;
    private final Path log;
    private Process process;

    Redis(Path folder) throws IOException {
        port = Ports.free();
        log = folder.resolve("redis.log");
        process = launch();
    }

    private Process launch() throws IOException {
        return new ProcessBuilder(List.of(
                        "redis-server",
                        "--port",
                        Integer.toString(port),
                        "--bind",
                        "127.0.0.1",
                        "--save",
                        "",
                        "--appendonly",
                        "no"))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(new File(log.toString())))
                .start();
    }

    String url() {
        return "redis://127.0.0.1:" + port;
    }

    void kill() {
        process.destroyForcibly().onExit().join();
    }

    void startAgain() throws IOException {
        process = launch();
    }

    void end() {
        process.destroy();
        process.onExit().join();
    }
}
