package dev.spooled.engine;

import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.DbAddress;
import dev.spooled.db.Row;
import dev.spooled.db.Sql;
import dev.spooled.refusal.Refused;
import dev.spooled.support.ManualClock;
import dev.spooled.support.TestDb;
import dev.spooled.support.TestLane;
import dev.spooled.time.Ids;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// A cell on a database of its own with a clock moved by hand, driven batch by batch without the lane's
/// thread: what a test puts into a batch is what the transaction holds.
final class TestCell implements AutoCloseable {
    static final Instant NOON = ManualClock.NOON;

    final TestDb database = TestDb.withDays();
    final ManualClock clock = new ManualClock(NOON);
    final UUID node = UUID.randomUUID();
    private @Nullable AssertedWay asserted;
    int undone;
    Audience audience = Audience.NOBODY;

    /// What the batches told, as `audience` asked for it.
    final List<JobMove> moves = new ArrayList<>();

    final ExactWay way = new ExactWay(new Ids(clock), isKeyed() ? EngineSql.CLAIM_BY_KEY : EngineSql.CLAIM);
    final EngineChores chores;
    LaneSession session = new LaneSession(database.address(), 0, isKeyed(), node, 5);

    TestCell() {
        chores = new EngineChores(unusedLane(), database.db(), clock, 0);
        if (TestLane.WAY == Lane.Way.ASSERTED) {
            assertBatches(() -> false);
        }
    }

    private static boolean isKeyed() {
        return TestLane.WAY == Lane.Way.KEYED;
    }

    private Lane unusedLane() {
        return TestLane.of(database.address(), clock);
    }

    Db db() {
        return database.db();
    }

    DbAddress address() {
        return database.address();
    }

    /// A new organization.
    int org() {
        return integer("insert into organization (public_id, name, slug, created_at, updated_at)"
                + " values (gen_random_uuid(), 'test', 'test-' || gen_random_uuid(), now(), now()) returning id");
    }

    /// Caps the organization's jobs; null leaves them unlimited.
    void cap(int org, @Nullable Integer today, @Nullable Integer active, @Nullable Integer workflows) {
        execute(
                "insert into usage (cell, org, day, active_jobs, max_today, max_active, max_workflows, plan, upgrade_to)"
                        + " values (0, " + org + ", 0, 2000000000, " + today + ", " + active + ", " + workflows
                        + ", 'free', 'starter') on conflict (cell, org) do update set max_today = excluded.max_today,"
                        + " max_active = excluded.max_active, max_workflows = excluded.max_workflows");
    }

    int queue(int org, String name) {
        return integer("insert into queue (cell, org, public_id, name, created_at, updated_at) values (0, " + org
                + ", gen_random_uuid(), '" + name + "', now(), now()) returning id");
    }

    int integer(String query) {
        return rows(query, row -> row.integer("id")).getFirst();
    }

    long count(String fromWhere) {
        return rows("select count(*) as n from " + fromWhere, row -> row.bigint("n"))
                .getFirst();
    }

    <T> List<T> rows(String query, Row.Reader<T> reader) {
        return db().asEngine(tx -> tx.list(new Sql("test", query, List.of()), Args.NONE, reader));
    }

    void execute(String statement) {
        db().asEngine(tx -> tx.run(new Sql("test", statement, List.of()), Args.NONE));
    }

    /// Runs one command as a batch of its own.
    @SuppressWarnings("unchecked")
    <R> R run(Command<R> command) {
        return (R) runTogether(List.of(command)).getFirst();
    }

    /// Runs the commands as one batch, as far as it takes them, and the rest as the next, as the lane would.
    List<Object> runTogether(List<? extends Command<?>> commands) {
        List<Ticket<?>> tickets = new ArrayList<>();
        commands.forEach(command -> tickets.add(new Ticket<>(command)));
        List<Ticket<?>> rest = tickets;
        while (!rest.isEmpty()) {
            rest = runBatch(rest);
        }
        List<Object> answers = new ArrayList<>();
        tickets.forEach(ticket -> answers.add(answerOf(ticket)));
        return answers;
    }

    /// What refused it, if it was.
    private static @Nullable Object answerOf(Ticket<?> ticket) {
        return ticket.refusal() instanceof Refused refused ? refused.refusal() : ticket.proposed();
    }

    private List<Ticket<?>> runBatch(List<Ticket<?>> tickets) {
        var batch = new Batch(clock.nowMicros(), audience);
        List<Ticket<?>> left = new ArrayList<>();
        for (Ticket<?> ticket : tickets) {
            if (!batch.add(ticket)) {
                left.add(ticket);
            }
        }
        way.prepare(batch);
        try {
            if (asserted == null || !ranAsserted(asserted, batch)) {
                way.run(session, batch);
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        moves.addAll(batch.moves.all());
        if (batch.unsettled) {
            left.add(new Ticket<>(new Command.Settle()));
        }
        return left;
    }

    /// As the lane does: what memory proposed wrongly is repeated the exact way.
    private boolean ranAsserted(AssertedWay asserted, Batch batch) {
        try {
            asserted.run(session, batch);
            return true;
        } catch (SQLException e) {
            undone++;
            asserted.forget();
            batch.clearAnswers();
            return false;
        }
    }

    /// Goes over to the asserted way; `doubt` makes its assertions fail at random.
    void assertBatches(BooleanSupplier doubt) {
        asserted = new AssertedWay(way, doubt);
    }

    boolean assertsBatches() {
        return asserted != null;
    }

    void runExactly() {
        asserted = null;
    }

    /// What a restart does to the lane: a new connection, nothing remembered.
    void restart() {
        session.close();
        session = new LaneSession(database.address(), 0, isKeyed(), node, 5);
        if (asserted != null) {
            asserted.forget();
        }
    }

    /// Differences between the counters and a recount of the live tables; empty when all is well.
    List<String> drift() {
        chores.recount().runOnce();
        return chores.drift();
    }

    @Override
    public void close() {
        session.close();
        database.close();
    }
}
