package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.engine.Command.Claim;
import dev.spooled.engine.Command.Complete;
import dev.spooled.engine.Command.Enqueue;
import dev.spooled.engine.Command.Holder;
import dev.spooled.engine.Command.Leased;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What quotas cost, in time on a processor (which a busy machine does not change much): whole job lives in
/// batches of a size, in turn without quotas as they were before, for an organization without caps, and for one
/// with caps of 10^9.
@Tag("scale")
class QuotaCostTest {
    private static final int JOBS = Integer.getInteger("quotacost.jobs", 60_000);

    enum Kind {
        WITHOUT,
        UNCAPPED,
        CAPPED
    }

    private static final class Side {
        final int org;
        final int queue;
        List<Leased> held = List.of();
        long postgres;
        long java;
        int jobs;

        Side(TestCell cell) {
            org = cell.org();
            queue = cell.queue(org, "q");
        }
    }

    private TestCell cell;

    @BeforeEach
    void open() {
        cell = new TestCell();
    }

    @AfterEach
    void close() {
        cell.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 10, 200})
    void ofALife(int size) throws SQLException {
        Side[] sides = {new Side(cell), new Side(cell), new Side(cell)};
        cell.cap(sides[Kind.CAPPED.ordinal()].org, 1_000_000_000, 1_000_000_000, 1_000_000_000);
        Path times = Path.of("/proc/" + backend() + "/schedstat");
        int batches = Math.max(300, Math.min(4_000, JOBS / size));
        for (int i = 0; i < batches; i++) {
            for (Kind kind : Kind.values()) {
                boolean warm = i > batches / 5;
                run(kind, sides[kind.ordinal()], size, times, warm);
            }
            if (i % 50 == 0) {
                cell.chores.rollUp().runOnce();
            }
        }
        double without = print(size, "without quotas", sides[Kind.WITHOUT.ordinal()], 0);
        double uncapped = print(size, "no caps", sides[Kind.UNCAPPED.ordinal()], without);
        double capped = print(size, "caps of 10^9", sides[Kind.CAPPED.ordinal()], without);
        if (size == 200) {
            assertThat(uncapped).isLessThan(without * 1.1);
            assertThat(capped).isLessThan(without * 1.1);
        }
    }

    /// A refusal at the cap, while the busiest of servers has not folded its counters for a second.
    @Test
    void ofARefusal() throws SQLException {
        var side = new Side(cell);
        cell.cap(side.org, null, 1, null);
        var job = new Enqueue(List.of(NewJob.plain(side.org, side.queue, 0, "{}")));
        cell.run(job);
        cell.execute("insert into queue (cell, org, public_id, name, created_at, updated_at) select 0, " + cell.org()
                + ", gen_random_uuid(), 'q' || i, now(), now() from generate_series(1, 200) i");
        cell.execute(
                "insert into count_delta (cell, at, queue, kind, day, n) select 0, now(), array_agg(id), array_agg("
                        + "(id % 3)::smallint), array_agg(20000), array_agg(1) from queue, generate_series(1, 1000) i where org <> "
                        + side.org + " group by i");
        long before = nanosOf(Path.of("/proc/" + backend() + "/schedstat"));
        int tries = 50;
        for (int i = 0; i < tries; i++) {
            assertThat((Object) cell.run(job)).isInstanceOf(dev.spooled.refusal.Refusal.LimitReached.class);
        }
        double millis = (nanosOf(Path.of("/proc/" + backend() + "/schedstat")) - before) / 1e6 / tries;
        System.out.printf(
                Locale.ROOT,
                "quotas: a refusal beside 200,000 counters not folded in: %.1f ms of PostgreSQL%n",
                millis);
    }

    private int backend() throws SQLException {
        try (var statement = cell.session.connection().createStatement();
                var row = statement.executeQuery("select pg_backend_pid()")) {
            row.next();
            return row.getInt(1);
        }
    }

    private void run(Kind kind, Side side, int size, Path times, boolean measured) throws SQLException {
        var batch = new Batch(cell.clock.nowMicros());
        for (Leased leased : side.held) {
            batch.add(new Ticket<>(new Complete(new Holder(side.org, leased.id(), leased.leaseId(), "w"), null)));
        }
        for (int i = 0; i < size; i++) {
            batch.add(new Ticket<>(new Enqueue(List.of(NewJob.plain(side.org, side.queue, 0, "{\"n\":1}")))));
        }
        var claims = new ArrayList<Ticket<List<Leased>>>();
        for (int i = 0; i < size; i += 10) {
            claims.add(new Ticket<>(new Claim(side.org, side.queue, "w", Math.min(10, size), 60, 0, () -> true)));
        }
        claims.forEach(batch::add);
        cell.way.prepare(batch);
        long postgres = nanosOf(times);
        long java = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
        if (kind == Kind.WITHOUT) {
            runWithout(batch);
        } else {
            cell.way.run(cell.session, batch);
        }
        if (measured) {
            side.java += ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - java;
            side.postgres += nanosOf(times) - postgres;
            side.jobs += size;
        }
        List<Leased> held = new ArrayList<>();
        for (Ticket<List<Leased>> claim : claims) {
            List<Leased> got = claim.proposed();
            held.addAll(got == null ? List.of() : got);
        }
        assertThat(held).hasSize(size);
        side.held = held;
    }

    /// A batch as the exact way ran it before there were quotas.
    private void runWithout(Batch batch) throws SQLException {
        var trip = new RoundTrip();
        cell.session.open(trip);
        var asked = cell.way.ask(batch);
        asked.addBeforeClaims(trip, 0);
        asked.addClaims(trip, 0);
        cell.session.commit(trip, () -> asked.reconcile(cell.session));
        asked.propose();
    }

    private static long nanosOf(Path times) {
        try {
            return Long.parseLong(Files.readString(times).split(" ", -1)[0]);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static double print(int size, String what, Side side, double without) {
        double postgres = side.postgres / 1_000.0 / side.jobs;
        double java = side.java / 1_000.0 / side.jobs;
        double all = postgres + java;
        String ratio = without == 0 ? "" : String.format(Locale.ROOT, ", %.3f of without", all / without);
        System.out.printf(
                Locale.ROOT,
                "quotas: batches of %d, %s: %.1f us of PostgreSQL and %.1f us of the lane per job life%s%n",
                size,
                what,
                postgres,
                java,
                ratio);
        return all;
    }
}
