package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.db.DbAddress;
import dev.spooled.db.EmbeddedPostgres;
import dev.spooled.db.Migrator;
import dev.spooled.db.PostgresOptions;
import dev.spooled.engine.Command.Claim;
import dev.spooled.engine.Command.Enqueue;
import dev.spooled.refusal.Refused;
import dev.spooled.support.Hardship;
import dev.spooled.support.ManualClock;
import dev.spooled.support.TestDb;
import dev.spooled.support.TestLane;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/// A PostgreSQL of its own with a lane whose callers enqueue without pause; keeps what was acknowledged.
final class UnderAttack implements AutoCloseable {
    private static final int CALLERS = 4;
    private static final Duration HEALS_WITHIN = Duration.ofSeconds(60);

    private final Path data;
    private final Set<String> acknowledged = ConcurrentHashMap.newKeySet();
    private final AtomicInteger refused = new AtomicInteger();
    private final List<Thread> callers = new ArrayList<>();
    private volatile boolean over;
    private final EmbeddedPostgres postgres;
    private final DbAddress address;
    private final Lane lane;
    private volatile String payload = "{}";

    UnderAttack(Path data, Map<String, String> settings) throws SQLException {
        this(data, settings, CALLERS, TestLane.WAY);
    }

    UnderAttack(Path data, Map<String, String> settings, int callers, Lane.Way way) throws SQLException {
        this.data = data;
        postgres = EmbeddedPostgres.start(data, new PostgresOptions(TestDb.BINARIES, settings), line -> {});
        address = postgres.address();
        new Migrator(address).migrate();
        sql("insert into spooled.organization (public_id, name, slug, created_at, updated_at)"
                + " values (gen_random_uuid(), 't', 't', now(), now())");
        sql("insert into spooled.queue (cell, org, public_id, name, created_at, updated_at)"
                + " values (0, 1, gen_random_uuid(), 'q', now(), now())");
        lane = new Lane(address, 0, UUID.randomUUID(), new ManualClock(TestCell.NOON), way).start();
        for (int i = 0; i < callers; i++) {
            this.callers.add(Thread.ofVirtual().start(this::enqueue));
        }
        awaitMore(200);
    }

    private void enqueue() {
        while (!over) {
            try {
                acknowledged.add(lane.run(new Enqueue(List.of(NewJob.plain(1, 1, 0, payload))))
                        .getFirst()
                        .id()
                        .toString());
            } catch (Refused e) {
                refused.incrementAndGet();
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
            }
        }
    }

    @Override
    public void close() throws InterruptedException {
        over = true;
        for (Thread caller : callers) {
            caller.join(Duration.ofSeconds(30));
        }
        lane.close();
        postgres.close();
    }

    // ---- what is done to the database

    long postmaster() throws IOException {
        return Hardship.postmaster(data.resolve("postgres"));
    }

    /// Whether another main process than this one runs.
    boolean isOther(long postmaster) {
        try {
            return postmaster() != postmaster;
        } catch (IOException | RuntimeException e) {
            return false;
        }
    }

    private void sql(String statement) throws SQLException {
        try (Connection connection = connect();
                var work = connection.createStatement()) {
            work.execute(statement);
        }
    }

    Connection connect() throws SQLException {
        return DriverManager.getConnection(address.jdbcUrl(), address.user(), address.password());
    }

    // ---- what must hold

    static void await(String what, BooleanSupplier come) {
        long end = System.nanoTime() + HEALS_WITHIN.toNanos();
        while (!come.getAsBoolean()) {
            assertThat(System.nanoTime() - end).as(what).isNegative();
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
        }
    }

    void awaitMore(int jobs) {
        int goal = acknowledged.size() + jobs;
        await("more jobs are acknowledged", () -> acknowledged.size() >= goal);
    }

    /// Nothing more is acknowledged for so long.
    void assertSilence(Duration time) {
        int before = acknowledged.size();
        LockSupport.parkNanos(time.toNanos());
        assertThat(acknowledged).hasSize(before);
    }

    void assertHealed(String what, long broken) throws SQLException {
        long began = System.nanoTime();
        awaitMore(200);
        assertThat(lane.isReachable()).isTrue();
        long healed = System.nanoTime();
        over = true;
        lane.run(new Claim(1, 1, "w", 10, 60, 0, () -> true));
        var stored = new HashSet<String>();
        try (Connection connection = connect();
                var statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select id from spooled.job")) {
            while (rows.next()) {
                stored.add(rows.getString(1));
            }
        }
        System.out.printf(
                "hostile: %s for %d ms: %d acknowledged, %d refused, going on %d ms after it ended%n",
                what, (began - broken) / 1_000_000, acknowledged.size(), refused.get(), (healed - began) / 1_000_000);
        var lost = new HashSet<>(acknowledged);
        lost.removeAll(stored);
        assertThat(lost).as("acknowledged and lost").isEmpty();
    }

    void payload(String text) {
        payload = text;
    }

    Lane lane() {
        return lane;
    }

    int refused() {
        return refused.get();
    }
}
