package dev.spooled.engine;

import dev.spooled.db.Args;
import dev.spooled.db.DbAddress.Role;
import dev.spooled.db.PgArray;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.engine.Command.Cancel;
import dev.spooled.engine.Command.Claim;
import dev.spooled.engine.Command.Complete;
import dev.spooled.engine.Command.Enqueue;
import dev.spooled.engine.Command.Expire;
import dev.spooled.engine.Command.Fail;
import dev.spooled.engine.Command.Heartbeat;
import dev.spooled.engine.Command.Holder;
import dev.spooled.engine.Command.Promote;
import dev.spooled.engine.Command.Purge;
import dev.spooled.engine.Command.Replay;
import dev.spooled.engine.Command.SetPriority;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/// A cell that can be filled with so many ready, scheduled, leased and finished jobs each, and batches about some of
/// them, for tests that
/// look
/// at plans.
record ManyJobs(TestCell cell, int org, int queue, int rows) {
    private static final List<String> TABLES = List.of(
            "job",
            "ready",
            "scheduled",
            "waiting",
            "lease",
            "done",
            "idem",
            "attempt",
            "dependency",
            "job_by_queue",
            "worker");

    static ManyJobs none(int rows) {
        TestCell cell = new TestCell();
        int org = cell.org();
        return new ManyJobs(cell, org, cell.queue(org, "q"), rows);
    }

    void fill() throws SQLException {
        for (String table : TABLES) {
            as(Role.ENGINE, rowsOf(table));
        }
    }

    void empty() throws SQLException {
        for (String table : TABLES) {
            as(Role.ENGINE, "delete from " + table);
        }
    }

    void as(Role role, String statement) throws SQLException {
        try (Connection connection = DriverManager.getConnection(
                        cell.address().jdbcUrl(), cell.address().properties(role, ""));
                Statement running = connection.createStatement()) {
            running.execute(statement);
        }
    }

    /// The statements of a batch, but for the settings among them.
    List<RoundTrip.Part> statements(Batch batch) {
        cell.way.prepare(batch);
        return cell.way.statements(0, batch).parts().stream()
                .filter(part -> !part.sql().text().startsWith("set "))
                .toList();
    }

    /// A connection as the lane has it.
    Connection lane() throws SQLException {
        Connection lane = DriverManager.getConnection(
                cell.address().jdbcUrl(), cell.address().properties(Role.ENGINE, LaneSession.SETTINGS));
        lane.setAutoCommit(false);
        return lane;
    }

    /// Ids of the kth group of 100,000: minted over the day before, as v7.
    private String id(int group) {
        return "(uuid7_floor('2026-11-25T00:00:00Z'::timestamptz + make_interval(secs => " + group
                + " * 3600 + g * 0.01))::text)::uuid";
    }

    private String rowsOf(String table) {
        String from = " from generate_series(1, " + rows + ") g";
        return switch (table) {
            case "job" ->
                "insert into job (id, cell, org, queue, timeout_seconds, priority, max_retries, payload) select i, 0, "
                        + org + ", " + queue + ", 300, 0, 3, '{}' from (select " + id(1) + " as i" + from
                        + " union all select " + id(2) + from + " union all select " + id(3) + from
                        + " union all select " + id(4) + from + " union all select " + id(5) + from + ") x";
            case "ready" ->
                "insert into ready (cell, queue, org, attempt, priority, retry_count, flags, id) select 0, " + queue
                        + ", " + org + ", 0, 0, 0, 0, " + id(1) + from;
            case "scheduled" ->
                "insert into scheduled (cell, queue, org, attempt, priority, retry_count, flags, id, run_at) select 0, "
                        + queue + ", " + org + ", 0, 0, 0, 0, " + id(2)
                        + ", '2026-11-25T11:00:00Z'::timestamptz + make_interval(secs => g)" + from;
            case "lease" ->
                "insert into lease (cell, queue, org, attempt, timeout_seconds, priority, retry_count, flags, id, lease_id,"
                        + " started_at, expires_at, worker) select 0, " + queue + ", " + org + ", 1, 36000, 0, 0, 0, "
                        + id(3) + ", " + id(3)
                        + ", '2026-11-25T11:00:00Z', '2026-11-25T13:00:00Z', 'w'" + from;
            case "done" ->
                "insert into done (cell, queue, org, attempt, status, retry_count, id, completed_at) select 0, " + queue
                        + ", " + org + ", 1, case g % 10 when 0 then 5 else 3 end, 0, " + id(4) + ", now()" + from;
            case "waiting" ->
                "insert into waiting (cell, queue, org, attempt, priority, retry_count, flags, needs, id) select 0, "
                        + queue + ", " + org + ", 0, 0, 0, 0, 1, " + id(5) + from;
            case "attempt" ->
                "insert into attempt (cell, org, queue, number, outcome, job, lease_id, started_at, ended_at, worker)"
                        + " select 0, " + org + ", " + queue + ", 1, 1, " + id(4) + ", " + id(4) + ", now(), now(), 'w'"
                        + from;
            case "dependency" ->
                "insert into dependency (cell, parent, child, org) select 0, " + id(4) + ", " + id(5) + ", " + org
                        + from;
            case "job_by_queue" ->
                "insert into job_by_queue (cell, queue, id, org) select 0, " + queue + ", " + id(4) + ", " + org + from;
            case "worker" ->
                "insert into worker (cell, org, id, queue_name, hostname, registered_at, last_heartbeat, updated_at)"
                        + " select 0, " + org + ", 'w' || g, 'q', 'h', now(), now(), now()" + from;
            default -> "insert into idem (cell, org, key, job_id) select 0, " + org + ", 'key-' || g, " + id(4) + from;
        };
    }

    /// A batch per kind, of `asked` jobs; the jobs exist once the cell is filled.
    List<Batch> batches(int asked) {
        List<UUID> leased = ids(3, asked);
        List<UUID> ready = ids(1, asked);
        return List.of(
                batch(leased.stream().map(id -> new Heartbeat(new Holder(org, id, id, "w"), 60))),
                batch(leased.stream().map(id -> new Complete(new Holder(org, id, id, "w"), "{}"))),
                batch(leased.stream().map(id -> new Fail(new Holder(org, id, id, "w"), "no", true, null))),
                batch(leased.stream().map(id -> new Command.Release(org, id, id))),
                batch(ready.stream().map(id -> new Cancel(org, id))),
                batch(ids(5, asked).stream().map(id -> new Cancel(org, id))),
                batch(ready.stream().map(id -> new SetPriority(org, id, (short) 7))),
                batch(Stream.of(new Replay(org, dead(asked)))),
                batch(Stream.of(new Purge(org, dead(asked)))),
                batch(Stream.of(new Enqueue(leased.stream()
                        .map(id -> NewJob.plain(org, queue, 0, "{}").withParent(id))
                        .toList()))),
                batch(Stream.of(new Promote(asked))),
                batch(Stream.of(new Command.Reap(asked))),
                batch(Stream.of(new Expire(asked))),
                batch(Stream.of(new Enqueue(Collections.nCopies(asked, NewJob.plain(org, queue, 0, "{}"))))),
                batch(Stream.of(new Enqueue(keyed(asked)))),
                batch(Stream.of(new Claim(org, queue, "w", asked, 30, 0, () -> true))));
    }

    /// What the asserted way sends of its own about so many leases, ready rows and queues, as far as it looks for rows.
    List<RoundTrip.Part> assertions(int asked) {
        Statements sql = Statements.beside(AssertedWay.class, "asserted.sql");
        PgArray leases = PgArray.uuids();
        PgArray results = PgArray.texts();
        PgArray queues = PgArray.ints();
        for (UUID id : ids(3, asked)) {
            leases.add(id);
            results.add("{}");
        }
        cell.rows("select id from queue order by id limit " + asked, row -> row.integer("id"))
                .forEach(queues::add);
        Batch batch = batch(Stream.of());
        return List.of(
                part(
                        sql.get("complete_known"),
                        addressed("lease", asked)
                                .and("now", batch.now())
                                .and("leases", leases)
                                .and("results", results)),
                part(sql.get("take_ready"), addressed("ready", asked)),
                part(sql.get("queues_open"), Args.of("cell", 0).and("queues", queues)),
                part(
                        sql.get("peek"),
                        Args.of("cell", 0)
                                .and("queues", queues)
                                .and("limit", asked)
                                .and("since", batch.idsOfDay(-1))
                                .and("tomorrow", batch.idsOfDay(1))));
    }

    private static RoundTrip.Part part(Sql sql, Args args) {
        return new RoundTrip.Part(sql, args, row -> {});
    }

    private Args addressed(String table, int asked) {
        PgArray rows = PgArray.rowIds();
        PgArray ids = PgArray.uuids();
        cell.rows("select ctid::text as row_id, id from " + table + " order by id limit " + asked, row -> {
            rows.addRowId(row.text("row_id"));
            ids.add(row.uuid("id"));
            return rows;
        });
        return Args.of("cell", 0).and("rows", rows).and("ids", ids).and("n", (long) ids.size());
    }

    void addQueues(int count) throws SQLException {
        as(
                Role.ENGINE,
                "insert into queue (cell, org, public_id, name, created_at, updated_at) select 0, " + org
                        + ", gen_random_uuid(), 'q-' || g, now(), now() from generate_series(1, " + count + ") g");
    }

    private List<UUID> dead(int asked) {
        return cell.rows(
                "select " + id(4) + " as id from generate_series(10, " + asked * 10 + ", 10) g", row -> row.uuid("id"));
    }

    private List<NewJob> keyed(int asked) {
        var jobs = new ArrayList<NewJob>();
        for (int i = 0; i < asked; i++) {
            jobs.add(NewJob.plain(org, queue, 0, "{}").withKey("key-" + i * 2_000));
        }
        return jobs;
    }

    private Batch batch(Stream<? extends Command<?>> commands) {
        var batch = new Batch(cell.clock.nowMicros());
        batch.amongOthers = true;
        commands.forEach(command -> batch.add(new Ticket<>(command)));
        return batch;
    }

    /// To look at so many jobs in each state.
    Args seen(int asked) {
        PgArray found = PgArray.uuids();
        var all = new ArrayList<UUID>();
        for (int group = 1; group <= 5; group++) {
            all.addAll(ids(group, asked / 5));
        }
        all.forEach(found::add);
        return Args.of("cell", 0)
                .and("ids", found)
                .and("org", org)
                .and("full", true)
                .and("ended_since", Instant.EPOCH)
                .andBounds(all);
    }

    private List<UUID> ids(int group, int asked) {
        return cell.rows(
                "select " + id(group) + " as id from generate_series(1, " + asked + ") g", row -> row.uuid("id"));
    }
}
