package dev.spooled.bench;

import dev.spooled.db.Db;
import dev.spooled.engine.Lane;
import java.sql.Connection;
import java.sql.SQLException;

/// A running engine that belongs to the benchmark: its lane, an organization with queues, and a connection of its own
/// for reading what PostgreSQL did meanwhile.
interface EngineUnderTest extends AutoCloseable {
    Lane lane();

    /// The pools for what is read beside the lane.
    Db db();

    int org();

    /// Internal numbers of the queues jobs are spread over.
    int[] queues();

    /// For the write-ahead log position and the server's process id; nothing else uses it.
    Connection watcher();

    @Override
    void close();

    /// Starts an engine with `queues` queues on a database of its own. The one place that knows how.
    /// With `caps` not 0 the organization may have so many jobs a day and at once.
    static EngineUnderTest open(int queues, Lane.Way way, int caps) throws SQLException {
        var postgres = new BenchPostgres();
        return new EmbeddedEngine(postgres.create(), queues, way, caps, postgres);
    }
}
