package dev.spooled.db;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.Map;

/// The settings the embedded PostgreSQL is started with. They stand on its command line, so that nothing in the
/// database can weaken what durability rests on.
final class PostgresSettings {
    private static final long MIB = 1 << 20;

    private PostgresSettings() {}

    static Map<String, String> with(int port, Map<String, String> changes) {
        var settings = new LinkedHashMap<String, String>();
        durable(settings);
        reachableOnlyFromHere(settings, port);
        settings.put("shared_buffers", sharedBuffersMiB() + "MB");
        settings.put("max_wal_size", "4GB");
        settings.put("checkpoint_timeout", "15min");
        settings.put("wal_compression", "pglz");
        // A kept plan locks every day of its tables; from 18 on PostgreSQL notes so many locks in the session's own
        // memory, where they cost next to nothing (docs/decisions/0009-days.md).
        settings.put("max_locks_per_transaction", "1024");
        settings.put("wal_buffers", "16MB");
        settings.put("autovacuum_naptime", "5s");
        settings.put("autovacuum_vacuum_cost_limit", "2000");
        settings.put("jit", "off");
        settings.put("random_page_cost", "1.1");
        settings.put("max_connections", "100");
        settings.put("huge_pages", "off");
        settings.put("timezone", "UTC");
        quietLog(settings);
        settings.putAll(changes);
        return settings;
    }

    private static void durable(Map<String, String> settings) {
        settings.put("fsync", "on");
        settings.put("synchronous_commit", "on");
        settings.put("full_page_writes", "on");
    }

    private static void reachableOnlyFromHere(Map<String, String> settings, int port) {
        settings.put("listen_addresses", "127.0.0.1");
        settings.put("port", Integer.toString(port));
        settings.put("unix_socket_directories", "");
    }

    /// Refused statements are the server's to report, not for a second log that grows with them.
    private static void quietLog(Map<String, String> settings) {
        settings.put("log_min_messages", "log");
        settings.put("log_checkpoints", "off");
        settings.put("log_autovacuum_min_duration", "-1");
        settings.put("log_timezone", "UTC");
    }

    /// A thirty-second of the memory, between 64 and 256 MiB: the hot set of the queue is small, and an idle product is
    /// to stay below 250 MiB.
    private static long sharedBuffersMiB() {
        var machine = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        return Math.clamp(machine.getTotalMemorySize() / MIB / 32, 64, 256);
    }
}
