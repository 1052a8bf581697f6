package dev.spooled.support;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/// A Redis of a test's own, on a free port, which may be killed, frozen and started again.
public final class RedisServer implements AutoCloseable {
    private final int port = freePort();
    private final Path folder;
    private Process process;

    private RedisServer() {
        try {
            folder = Files.createTempDirectory("spooled-redis");
            process = launch();
        } catch (IOException e) {
            throw new UncheckedIOException("redis-server is needed (apt-get install redis-server)", e);
        }
        awaitReady();
    }

    public static RedisServer start() {
        return new RedisServer();
    }

    /// Where none listens.
    public static String nowhere() {
        return "redis://127.0.0.1:" + freePort();
    }

    private Process launch() throws IOException {
        return new ProcessBuilder(
                        "redis-server",
                        "--port",
                        Integer.toString(port),
                        "--bind",
                        "127.0.0.1",
                        "--save",
                        "",
                        "--appendonly",
                        "no",
                        "--dir",
                        folder.toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    private static int freePort() {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void awaitReady() {
        Await.until(
                () -> {
                    try {
                        return ask("PING");
                    } catch (UncheckedIOException e) {
                        return "";
                    }
                },
                answer -> answer.startsWith("+PONG"));
    }

    public String url() {
        return "redis://127.0.0.1:" + port;
    }

    /// The first line of the answer to a command in the inline form.
    public String ask(String command) {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(2_000);
            socket.getOutputStream().write((command + "\r\n").getBytes(StandardCharsets.US_ASCII));
            byte[] answer = new byte[4_096];
            int length = socket.getInputStream().read(answer);
            return new String(answer, 0, Math.max(0, length), StandardCharsets.US_ASCII);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public void kill() {
        process.destroyForcibly();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// Again, on the same port and knowing nothing.
    public void restart() {
        try {
            process = launch();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        awaitReady();
    }

    public void freeze() {
        signal("STOP");
    }

    public void thaw() {
        signal("CONT");
    }

    private void signal(String name) {
        try {
            Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start();
            if (!kill.waitFor(5, TimeUnit.SECONDS)) {
                throw new IllegalStateException("kill hangs");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        kill();
        try {
            Files.deleteIfExists(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
