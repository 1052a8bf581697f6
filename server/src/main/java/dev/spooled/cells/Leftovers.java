package dev.spooled.cells;

import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.PgArray;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.moving.Belongings;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;

/// Deletes what a cell holds of an organization that does not live in it, in small transactions any of which may be
/// repeated. Nothing works on these rows any more.
final class Leftovers {
    private static final Statements SQL = Statements.beside(Leftovers.class, "move.sql");
    private static final Sql SOME_JOBS = SQL.get("some_jobs");
    private static final Sql FORGET_RESIDENT = SQL.get("forget_resident");
    private static final int AT_ONCE = 1_000;

    /// Chores that list jobs and fold counters may be in the middle of it: then there is a little more to do.
    private static final int PASSES_MAX = 10;

    /// Tables by the column that holds the id of a job.
    private static final Map<String, String> OF_JOBS =
            Map.of("done", "id", "attempt", "job", "progress", "id", "job", "id", "job_by_queue", "id");

    private final Db db;

    Leftovers(Db db) {
        this.db = db;
    }

    void clear(int org) {
        boolean any = true;
        for (int pass = 0; any && pass < PASSES_MAX; pass++) {
            any = clearOnce(org);
        }
        if (db.cell() != 0) {
            db.asEngine(tx -> tx.run(FORGET_RESIDENT, Args.of("org", org)));
        }
    }

    private boolean clearOnce(int org) {
        boolean any = all(
                sql(
                        "queue_rate",
                        "delete from queue_rate where cell = ? and queue in"
                                + " (select id from queue where cell = ? and org = ?)",
                        "cell",
                        "cell",
                        "org"),
                org);
        any |= clearJobs(org);
        for (String table : tables()) {
            any |= all(some(table), org);
        }
        return any;
    }

    /// Queues first: what is counted of them from then on belongs to nobody.
    private static List<String> tables() {
        var rest = Belongings.ofCell().reversed().stream()
                .map(Belongings::table)
                .filter(table -> !table.equals("queue") && !table.equals("queue_rate"));
        return Stream.concat(Stream.of("queue"), Stream.concat(rest, Stream.of("job_by_queue")))
                .toList();
    }

    private boolean clearJobs(int org) {
        boolean any = false;
        List<UUID> jobs = someJobs(org);
        while (!jobs.isEmpty()) {
            PgArray ids = PgArray.uuids();
            jobs.forEach(ids::add);
            Args args = Args.of("org", org).and("ids", ids);
            var done = db.asEngine(tx -> {
                OF_JOBS.forEach((table, column) -> tx.run(
                        sql(
                                table,
                                "delete from " + table + " where cell = ? and " + column
                                        + " = any (?::uuid[]) and org = ?",
                                "cell",
                                "ids",
                                "org"),
                        args));
                return true;
            });
            assert done;
            any = true;
            jobs = someJobs(org);
        }
        return any;
    }

    private List<UUID> someJobs(int org) {
        Args args = Args.of("org", org).and("limit", AT_ONCE);
        return db.readAsEngine(SOME_JOBS, args, row -> row.uuid("id"));
    }

    private boolean all(Sql some, int org) {
        boolean any = false;
        int gone = 1;
        while (gone > 0) {
            gone = db.asEngine(tx -> tx.run(some, Args.of("org", org)));
            any |= gone > 0;
        }
        return any;
    }

    private static Sql some(String table) {
        return sql(
                table,
                "delete from " + table + " where cell = ? and org = ? and ctid = any (array (select ctid from " + table
                        + " where cell = ? and org = ? limit " + AT_ONCE + "))",
                "cell",
                "org",
                "cell",
                "org");
    }

    private static Sql sql(String table, String text, String... parameters) {
        return new Sql("clear_" + table, text, List.of(parameters));
    }
}
