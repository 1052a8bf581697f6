package dev.spooled.web;

import io.helidon.common.buffers.BufferData;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.spi.ServerConnectionSelector;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/// All open connections. Looks once a second for those past their deadline and closes them; on the server's stop the
/// ones nobody uses are closed at once.
final class Connections implements ServerConnectionSelector, AutoCloseable {
    private final ServerConnectionSelector protocol;
    private final Set<Connection> open = ConcurrentHashMap.newKeySet();
    private final ScheduledExecutorService watch = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("connection-watch").factory());

    Connections(ServerConnectionSelector protocol) {
        this.protocol = protocol;
    }

    void start() {
        var unused = watch.scheduleWithFixedDelay(this::cutOverdue, 1, 1, TimeUnit.SECONDS);
    }

    void cutOverdue() {
        long now = System.nanoTime();
        open.stream().filter(connection -> connection.isOverdue(now)).forEach(Connection::cut);
    }

    void cutWaiting() {
        open.stream().filter(Connection::isWaiting).forEach(Connection::cut);
    }

    @Override
    public void close() {
        watch.shutdownNow();
    }

    @Override
    public int bytesToIdentifyConnection() {
        return protocol.bytesToIdentifyConnection();
    }

    @Override
    public Support supports(BufferData data) {
        return protocol.supports(data);
    }

    @Override
    public Set<String> supportedApplicationProtocols() {
        return protocol.supportedApplicationProtocols();
    }

    @Override
    public ServerConnection connection(ConnectionContext context) {
        var connection = new Connection(context, protocol::connection, open::remove);
        open.add(connection);
        return connection;
    }
}
