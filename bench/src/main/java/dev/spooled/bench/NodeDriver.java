package dev.spooled.bench;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A process of Node.js that drives one system, `bench/peers/driver.mjs`. It lives as long as the benchmark, so that it
/// is warm, and ends with it: when its standard input does, whatever happens here.
final class NodeDriver implements AutoCloseable {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final long PATIENCE_SECONDS = 10;

    private final Process process;
    private final BufferedWriter commands;
    private final BufferedReader answers;
    private final Thread hook;

    NodeDriver(Process process) {
        this.process = process;
        this.commands = process.outputWriter();
        this.answers = process.inputReader();
        this.hook = Thread.ofPlatform().unstarted(process::destroyForcibly);
        Runtime.getRuntime().addShutdownHook(hook);
    }

    JsonNode ask(String command) throws IOException {
        commands.write(command);
        commands.newLine();
        commands.flush();
        var line = answers.readLine();
        if (line == null) {
            throw new IOException("the driver ended at '" + command.split(" ", 2)[0] + "'");
        }
        var answer = JSON.readTree(line);
        if (answer.has("error")) {
            throw new IOException(answer.get("error").asString());
        }
        return answer;
    }

    Running open(Map<String, Object> options) throws IOException {
        ask("open " + JSON.writeValueAsString(options));
        return new Driven();
    }

    @Override
    public void close() {
        try {
            commands.close();
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (IOException gone) {
            process.destroyForcibly();
        } catch (InterruptedException stop) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException ending) {
            // The hook is running or has run.
        }
    }

    private final class Driven implements Running {
        @Override
        public void start() throws IOException {
            ask("start");
        }

        @Override
        public Cut cut() throws IOException {
            var answer = ask("cut");
            return new Cut(answer.get("jobs").asLong(), JSON.treeToValue(answer.get("delivery"), Percentiles.class));
        }

        @Override
        public long stop() throws IOException {
            return ask("stop").get("enqueued").asLong();
        }

        @Override
        public long handled() throws IOException {
            return ask("handled").get("handled").asLong();
        }

        @Override
        public void close() throws IOException {
            ask("close");
        }
    }
}
