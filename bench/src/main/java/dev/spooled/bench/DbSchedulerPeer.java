package dev.spooled.bench;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.serializer.Serializer;
import com.github.kagkarlsson.scheduler.task.TaskInstance;
import com.github.kagkarlsson.scheduler.task.helper.OneTimeTask;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import com.zaxxer.hikari.HikariDataSource;
import dev.spooled.db.DbAddress;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// db-scheduler as it advises for throughput: lock-and-fetch polling with wide limits, immediate execution.
final class DbSchedulerPeer {
    private static final String VERSION = "16.12.0";
    private static final String SETTINGS = "24 threads, pollUsingLockAndFetch(2.0, 8.0), polling every 50 ms,"
            + " immediate execution, 30 connections, payloads as plain bytes";
    private static final int THREADS = 24;
    private static final int CONNECTIONS = 30;
    private static final double FETCH_BELOW = 2.0;
    private static final double FETCH_UP_TO = 8.0;
    private static final Duration POLLING = Duration.ofMillis(50);
    private static final String UNFINISHED = "select count(*) from scheduled_tasks";

    /// Its documented table and indexes, without the index that only priorities need.
    private static final String TABLE = """
            create table if not exists scheduled_tasks (
              task_name text not null, task_instance text not null, task_data bytea,
              execution_time timestamptz not null, picked boolean not null, picked_by text, last_success timestamptz,
              last_failure timestamptz, consecutive_failures int, last_heartbeat timestamptz, version bigint not null,
              priority smallint, primary key (task_name, task_instance));
            create index if not exists execution_time_idx on scheduled_tasks (execution_time);
            create index if not exists last_heartbeat_idx on scheduled_tasks (last_heartbeat)""";

    private DbSchedulerPeer() {}

    static List<Contender> contenders() {
        return List.of(
                contender("single", 16, 1, "16 threads schedule singly"),
                contender("batched", 2, 100, "2 threads schedule 100 at once"));
    }

    private static Contender contender(String way, int producers, int bulk, String callers) {
        return new Contender(
                "db-scheduler", way, VERSION, callers + "; " + SETTINGS, false, UNFINISHED, null, address -> {
                    createTable(address);
                    return new PeerLoad(producers, bulk, load -> start(load, address));
                });
    }

    private static PeerLoad.Library start(PeerLoad load, DbAddress address) {
        var pool = pool(address, CONNECTIONS);
        OneTimeTask<String> task =
                Tasks.oneTime("bench", String.class).execute((job, context) -> load.handled(job.getData()));
        var scheduler = Scheduler.create(pool, task)
                .threads(THREADS)
                .pollUsingLockAndFetch(FETCH_BELOW, FETCH_UP_TO)
                .pollingInterval(POLLING)
                .enableImmediateExecution()
                .serializer(new PlainText())
                .build();
        scheduler.start();
        return new PeerLoad.Library() {
            @Override
            public void enqueue(List<String> payloads) {
                var now = Instant.now();
                if (payloads.size() == 1) {
                    scheduler.schedule(job(task, payloads.getFirst()), now);
                } else {
                    var jobs = new ArrayList<TaskInstance<?>>(payloads.size());
                    payloads.forEach(payload -> jobs.add(job(task, payload)));
                    scheduler.scheduleBatch(jobs, now);
                }
            }

            @Override
            public void close() {
                scheduler.stop();
                pool.close();
            }
        };
    }

    private static TaskInstance<String> job(OneTimeTask<String> task, String payload) {
        return task.instance(UUID.randomUUID().toString(), payload);
    }

    static HikariDataSource pool(DbAddress address, int connections) {
        var pool = new HikariDataSource();
        pool.setJdbcUrl(address.jdbcUrl());
        pool.setUsername(address.user());
        pool.setPassword(address.password());
        pool.setMaximumPoolSize(connections);
        return pool;
    }

    private static void createTable(DbAddress address) throws SQLException {
        try (var connection = BenchPostgres.connect(address);
                var statement = connection.createStatement()) {
            statement.execute(TABLE);
        }
    }

    /// Cheaper than any of its own.
    private static final class PlainText implements Serializer {
        @Override
        public byte[] serialize(Object data) {
            return data.toString().getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public <T> T deserialize(Class<T> type, byte[] bytes) {
            return type.cast(new String(bytes, StandardCharsets.UTF_8));
        }
    }
}
