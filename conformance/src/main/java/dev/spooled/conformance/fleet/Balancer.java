package dev.spooled.conformance.fleet;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;

/// HAProxy before three nodes, with the configuration of `deploy/`.
public final class Balancer implements AutoCloseable {
    private final Process process;
    private final int port;

    public Balancer(Path configuration, List<Node> nodes, Path folder) throws IOException {
        port = Ports.free();
        var builder = new ProcessBuilder("haproxy", "-db", "-f", configuration.toString());
        builder.environment().put("REST_PORT", Integer.toString(port));
        builder.environment().put("GRPC_PORT", Integer.toString(Ports.free()));
        builder.environment().put("BIND", "127.0.0.1");
        for (int i = 0; i < nodes.size(); i++) {
            String letter = String.valueOf((char) ('A' + i));
            builder.environment().put("NODE_" + letter, "127.0.0.1");
            builder.environment()
                    .put(
                            "NODE_" + letter + "_REST",
                            Integer.toString(nodes.get(i).port()));
            builder.environment()
                    .put(
                            "NODE_" + letter + "_GRPC",
                            Integer.toString(nodes.get(i).grpcPort()));
        }
        process = builder.redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        new File(folder.resolve("haproxy.log").toString())))
                .start();
    }

    public URI url() {
        return URI.create("http://127.0.0.1:" + port);
    }

    /// Whether it knows a node that is ready.
    public boolean isReady() {
        return Node.isReady(url());
    }

    @Override
    public void close() {
        process.destroyForcibly();
        process.onExit().join();
    }
}
