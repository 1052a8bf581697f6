package dev.spooled.bench;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/// What PostgreSQL spends: bytes of write-ahead log, and CPU of all its processes where /proc shows them. Each is null
/// where it cannot be read.
interface PostgresMeter {
    Reading read();

    record Reading(@Nullable Long walBytes, @Nullable Long cpuMicros) {}

    /// For a server whose database is out of reach.
    static PostgresMeter none() {
        return () -> new Reading(null, null);
    }

    static PostgresMeter of(Connection connection) throws SQLException {
        var processes = PostgresProcesses.of((int) number(connection, "select pg_backend_pid()"));
        return () -> new Reading(walBytes(connection), processes == null ? null : processes.cpuMicros());
    }

    private static @Nullable Long walBytes(Connection connection) {
        try {
            return number(connection, "select (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint");
        } catch (SQLException unreadable) {
            return null;
        }
    }

    private static long number(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement();
                var rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getLong(1);
        }
    }

    /// The postmaster and its children as /proc shows them.
    record PostgresProcesses(int postmaster) {
        private static final Path PROC = Path.of("/proc");
        private static final long MICROS_PER_TICK = 10_000;

        /// Null when the backend is not a process of this machine.
        static @Nullable PostgresProcesses of(int backend) {
            var stat = ProcessStat.read(PROC.resolve(Integer.toString(backend)));
            return stat == null || !stat.name().startsWith("postgres") ? null : new PostgresProcesses(stat.parent());
        }

        @Nullable
        Long cpuMicros() {
            long ticks = 0;
            try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[0-9]*")) {
                for (var process : processes) {
                    var stat = ProcessStat.read(process);
                    if (stat != null && stat.pid() == postmaster) {
                        ticks += stat.ticks() + stat.ticksOfEndedChildren();
                    } else if (stat != null && stat.parent() == postmaster) {
                        ticks += stat.ticks();
                    }
                }
            } catch (IOException unreadable) {
                return null;
            }
            return ticks * MICROS_PER_TICK;
        }
    }
}
