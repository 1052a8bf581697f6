package dev.spooled.support;

import dev.spooled.db.DbAddress;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// A process of its own for tests of several nodes: runs the `main` of a test class on this run's class path. The
/// database's address goes by environment, lines go by standard input and output.
public final class ChildJvm implements AutoCloseable {
    private final Process process;
    private final BufferedReader out;
    private final PrintWriter in;

    private ChildJvm(Process process) {
        this.process = process;
        out = process.inputReader(StandardCharsets.UTF_8);
        in = new PrintWriter(process.outputWriter(StandardCharsets.UTF_8), true);
    }

    public static ChildJvm start(Class<?> main, DbAddress address, String... args) throws IOException {
        var command = new ArrayList<String>(List.of(
                System.getProperty("java.home") + File.separator + "bin" + File.separator + "java",
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                main.getName()));
        command.addAll(List.of(args));
        var builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("CHILD_URL", address.jdbcUrl());
        builder.environment().put("CHILD_USER", address.user());
        builder.environment().put("CHILD_PASSWORD", address.password());
        return new ChildJvm(builder.start());
    }

    /// In the child: the address it was given.
    public static DbAddress address() {
        return new DbAddress(System.getenv("CHILD_URL"), System.getenv("CHILD_USER"), System.getenv("CHILD_PASSWORD"));
    }

    public String readLine() {
        try {
            return String.valueOf(out.readLine());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public List<String> readAll() {
        return out.lines().toList();
    }

    public void say(String line) {
        in.println(line);
    }

    public void kill() {
        process.destroyForcibly();
    }

    public ProcessHandle handle() {
        return process.toHandle();
    }

    @Override
    public void close() {
        process.destroyForcibly();
        process.onExit().join();
    }
}
