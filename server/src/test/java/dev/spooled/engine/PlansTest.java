package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.db.DbAddress.Role;
import dev.spooled.db.PgArray;
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
import dev.spooled.time.Ids;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The plans of the lane's statements at 100,000 ready, scheduled, leased and finished jobs: found by key whatever the
/// statistics say, generic and custom, and bounded in the pages the dearest part of a statement touches per job.
class PlansTest {
    private static final int ROWS = 100_000;
    private static final int ASKED = 100;
    private static final Pattern SCAN_OF_ALL =
            Pattern.compile("\"Node Type\": \"Seq Scan\"[^{}]*?\"Relation Name\": \"(\\w+)\"");
    private static final Pattern PAGES =
            Pattern.compile("\"Shared Hit Blocks\": (\\d+),\\s*\"Shared Read Blocks\": (\\d+)");

    private static TestCell cell;
    private static Connection connection;
    private static int org;
    private static int queue;

    @BeforeAll
    static void fill() throws SQLException {
        cell = new TestCell();
        org = cell.org();
        queue = cell.queue(org, "q");
        for (String table : List.of("job", "ready", "scheduled", "lease", "done", "idem")) {
            fill(table);
        }
        connection = DriverManager.getConnection(
                cell.address().jdbcUrl(), cell.address().properties(Role.ENGINE, LaneSession.SETTINGS));
        connection.setAutoCommit(false);
    }

    /// Ids of the kth group of 100,000: minted over the day before, as v7.
    private static String id(int group) {
        return "(uuid7_floor('2026-11-25T00:00:00Z'::timestamptz + make_interval(secs => " + group
                + " * 3600 + g * 0.01))::text)::uuid";
    }

    private static void fill(String table) throws SQLException {
        String from = " from generate_series(1, " + ROWS + ") g";
        String sql = switch (table) {
            case "job" ->
                "insert into job (id, cell, org, queue, timeout_seconds, priority, max_retries, payload) select i, 0, "
                        + org + ", " + queue + ", 300, 0, 3, '{}' from (select " + id(1) + " as i" + from
                        + " union all select " + id(2) + from + " union all select " + id(3) + from
                        + " union all select " + id(4) + from + ") x";
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
            default -> "insert into idem (cell, org, key, job_id) select 0, " + org + ", 'key-' || g, " + id(4) + from;
        };
        try (Connection owner = DriverManager.getConnection(
                        cell.address().jdbcUrl(), cell.address().properties(Role.ENGINE, ""));
                Statement statement = owner.createStatement()) {
            statement.execute(sql);
        }
    }

    @AfterAll
    static void close() throws SQLException {
        connection.close();
        cell.close();
    }

    @ParameterizedTest
    @CsvSource({
        "false, force_generic_plan",
        "false, force_custom_plan",
        "true, force_generic_plan",
        "true, force_custom_plan"
    })
    void findByKeyAndTouchFewPages(boolean analysed, String plans) throws SQLException {
        if (analysed) {
            analyse();
        }
        try (Statement statement = connection.createStatement()) {
            statement.execute("set plan_cache_mode = " + plans);
        }
        for (Batch batch : batches().toList()) {
            cell.way.prepare(batch);
            for (RoundTrip.Part part : cell.way.statements(0, batch).parts()) {
                check(part, plans + (analysed ? " analysed" : " without statistics"));
            }
        }
    }

    private static void analyse() throws SQLException {
        try (Connection owner = DriverManager.getConnection(
                        cell.address().jdbcUrl(), cell.address().properties(Role.OWNER, ""));
                Statement statement = owner.createStatement()) {
            statement.execute("analyze");
        }
    }

    /// A batch per kind, of 100 jobs that exist.
    private static Stream<Batch> batches() {
        List<UUID> leased = ids("lease");
        List<UUID> ready = ids("ready");
        return Stream.of(
                batch(leased.stream().map(id -> new Heartbeat(new Holder(org, id, id, "w"), 60))),
                batch(leased.stream().map(id -> new Complete(new Holder(org, id, id, "w"), "{}"))),
                batch(leased.stream().map(id -> new Fail(new Holder(org, id, id, "w"), "no", true, null))),
                batch(leased.stream().map(id -> new Command.Release(org, id, id))),
                batch(ready.stream().map(id -> new Cancel(org, id))),
                batch(ready.stream().map(id -> new SetPriority(org, id, (short) 7))),
                batch(Stream.of(new Replay(org, dead()))),
                batch(Stream.of(new Purge(org, dead()))),
                batch(Stream.of(new Enqueue(leased.stream()
                        .map(id -> NewJob.plain(org, queue, 0, "{}").withParent(id))
                        .toList()))),
                batch(Stream.of(new Promote(ASKED))),
                batch(Stream.of(new Expire(ASKED))),
                batch(Stream.of(new Enqueue(java.util.Collections.nCopies(ASKED, NewJob.plain(org, queue, 0, "{}"))))),
                batch(Stream.of(new Enqueue(keyed()))),
                batch(Stream.of(new Claim(org, queue, "w", ASKED, 30, 0, () -> true))));
    }

    private static List<UUID> dead() {
        return cell.rows("select id from done where status = 5 order by id limit " + ASKED, row -> row.uuid("id"));
    }

    private static List<NewJob> keyed() {
        var jobs = new ArrayList<NewJob>();
        for (int i = 0; i < ASKED; i++) {
            jobs.add(NewJob.plain(org, queue, 0, "{}").withKey("key-" + i * 2_000));
        }
        return jobs;
    }

    private static Batch batch(Stream<? extends Command<?>> commands) {
        var batch = new Batch(cell.clock.nowMicros());
        commands.forEach(command -> batch.add(new Ticket<>(command)));
        return batch;
    }

    private static List<UUID> ids(String table) {
        return cell.rows("select id from " + table + " order by id limit " + ASKED, row -> row.uuid("id"));
    }

    private static void check(RoundTrip.Part part, String how) throws SQLException {
        String plan = explain(part);
        String name = part.sql().name() + ", " + how;
        Matcher scans = SCAN_OF_ALL.matcher(plan);
        while (scans.find()) {
            assertThat(scans.group(1))
                    .as(name + " reads all of a table\n" + plan)
                    .isIn("cell", "worker", "queue");
        }
        int touched = PAGES.matcher(plan)
                .results()
                .mapToInt(pages -> Integer.parseInt(pages.group(1)) + Integer.parseInt(pages.group(2)))
                .max()
                .orElse(0);
        System.out.printf(
                "plan: %-14s %-40s %6d pages for %d jobs%n", part.sql().name(), how, touched, ASKED);
        assertThat(touched).as(name + "\n" + plan).isLessThan(ASKED * 30);
    }

    /// Prepared and executed with literals, since only that shows the plan the lane gets.
    private static String explain(RoundTrip.Part part) throws SQLException {
        String numbered = numbered(part.sql().text());
        try (Statement statement = connection.createStatement()) {
            statement.execute("prepare p(" + String.join(", ", types(part)) + ") as " + numbered);
            var literals = new ArrayList<String>();
            for (String parameter : part.sql().parameters()) {
                literals.add(literal(part.args().value(parameter)));
            }
            String execute = literals.isEmpty() ? "execute p" : "execute p(" + String.join(", ", literals) + ")";
            try (ResultSet plan = statement.executeQuery("explain (analyze, buffers, format json) " + execute)) {
                plan.next();
                return plan.getString(1);
            }
        } finally {
            connection.rollback();
            try (Statement statement = connection.createStatement()) {
                statement.execute("deallocate all");
            }
            connection.commit();
        }
    }

    private static String numbered(String text) {
        var numbered = new StringBuilder();
        int number = 0;
        for (char c : text.toCharArray()) {
            numbered.append(c == '?' ? "$" + ++number : String.valueOf(c));
        }
        return numbered.toString();
    }

    private static List<String> types(RoundTrip.Part part) throws SQLException {
        var types = new ArrayList<String>();
        try (PreparedStatement statement =
                connection.prepareStatement(part.sql().text())) {
            for (int i = 1; i <= part.sql().parameters().size(); i++) {
                types.add(statement.getParameterMetaData().getParameterTypeName(i));
            }
        }
        return types;
    }

    private static String literal(@Nullable Object value) {
        return switch (value) {
            case null -> "null";
            case PgArray array -> "'{" + String.join(",", elements(array)) + "}'";
            case Instant instant -> "'" + instant + "'";
            case UUID id -> "'" + id + "'";
            default -> value.toString();
        };
    }

    private static List<String> elements(PgArray array) {
        byte[] bytes = new byte[array.lengthInBytes()];
        array.toBytes(bytes, 0);
        ByteBuffer in = ByteBuffer.wrap(bytes);
        int oid = in.getInt(8);
        in.position(20);
        var elements = new ArrayList<String>();
        while (in.hasRemaining()) {
            int length = in.getInt();
            elements.add(length < 0 ? "null" : element(in, oid, length));
        }
        return elements;
    }

    private static String element(ByteBuffer in, int oid, int length) {
        return switch (oid) {
            case 2950 -> new UUID(in.getLong(), in.getLong()).toString();
            case 23 -> Integer.toString(in.getInt());
            case 21 -> Short.toString(in.getShort());
            case 20 -> Long.toString(in.getLong());
            case 16 -> in.get() == 1 ? "t" : "f";
            case 1184 -> "\"" + dev.spooled.time.Clock.instantOf(in.getLong() + 946_684_800_000_000L) + "\"";
            default -> {
                byte[] text = new byte[length];
                in.get(text);
                yield "\"" + new String(text, StandardCharsets.UTF_8).replace("\"", "\\\"") + "\"";
            }
        };
    }

    /// The ids of this test's rows lie in the day's partition, not in the default one.
    @org.junit.jupiter.api.Test
    void rowsLieInTheirDay() {
        assertThat(cell.count("job where tableoid = 'job_default'::regclass")).isZero();
        assertThat(Ids.dayOf(ids("ready").getFirst())).isEqualTo(20_782);
    }
}
