package dev.spooled.support;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.db.Args;
import dev.spooled.db.DbAddress;
import dev.spooled.db.DbAddress.Role;
import dev.spooled.db.PgArray;
import dev.spooled.db.Sql;
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
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The plan that PostgreSQL has for a statement, run and taken back: which tables it reads whole, and how many
/// pages its dearest part touches.
public record PlanCheck(Connection connection, Set<String> smallTables) {
    private static final Pattern SCAN_OF_ALL =
            Pattern.compile("\"Node Type\": \"Seq Scan\"[^{}]*?\"Relation Name\": \"(\\w+)\"[^{}]*?"
                    + "\"Shared Hit Blocks\": (\\d+),\\s*\"Shared Read Blocks\": (\\d+)");
    private static final Pattern DAY = Pattern.compile("\"Relation Name\": \"(\\w+_\\d{8})\"");
    private static final Pattern ARRAYS =
            Pattern.compile("\"Node Type\": \"ProjectSet\"[^{}]*?\"Actual Loops\": (\\d+)");
    private static final Pattern PAGES =
            Pattern.compile("\"Shared Hit Blocks\": (\\d+),\\s*\"Shared Read Blocks\": (\\d+)");

    /// What PostgreSQL knows of the tables. `DAYS` is what a server comes to by itself: autovacuum analyzes the days,
    /// never
    /// the partitioned tables as a whole.
    public enum Figures {
        NONE,
        DAYS,
        ALL
    }

    /// Makes figures; they stay, so tests go from fewer to more.
    public static void analyse(DbAddress address, Figures figures) throws SQLException {
        try (Connection owner = DriverManager.getConnection(address.jdbcUrl(), address.properties(Role.OWNER, ""));
                Statement statement = owner.createStatement()) {
            switch (figures) {
                case NONE -> {}
                case DAYS -> statement.execute(ofEachTable("analyze %s"));
                case ALL -> statement.execute("analyze");
            }
        }
    }

    /// No table of this database is looked at unasked from now on.
    public static void withoutAutovacuum(DbAddress address) throws SQLException {
        try (Connection owner = DriverManager.getConnection(address.jdbcUrl(), address.properties(Role.OWNER, ""));
                Statement statement = owner.createStatement()) {
            statement.execute(ofEachTable("alter table %s set (autovacuum_enabled = false)"));
        }
    }

    /// Tables with rows of their own: days, not the tables they are parts of.
    private static String ofEachTable(String command) {
        return """
                do $$ declare t regclass; begin
                    for t in select oid from pg_class
                             where relnamespace = 'spooled'::regnamespace and relkind = 'r' loop
                        execute format('COMMAND', t);
                    end loop;
                end $$
                """.replace("COMMAND", command);
    }

    /// For this session: plans for any parameters or for those given.
    public void plansFor(boolean anyParameters) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("set plan_cache_mode = " + (anyParameters ? "force_generic_plan" : "force_custom_plan"));
        }
        connection.commit();
    }

    /// No large table is read whole and no part touches more pages.
    public void check(Sql sql, Args args, String how, int most) throws SQLException {
        String plan = explain(sql, args);
        String name = sql.name() + ", " + how;
        Matcher scans = SCAN_OF_ALL.matcher(plan);
        while (scans.find()) {
            // Of a partition without rows nothing is read.
            boolean empty = scans.group(2).equals("0") && scans.group(3).equals("0");
            assertThat(empty || smallTables.contains(scans.group(1)))
                    .as(name + " reads all of " + scans.group(1) + "\n" + plan)
                    .isTrue();
        }
        int touched = pagesOf(plan);
        System.out.printf("plan: %-22s %-40s %6d pages%n", sql.name(), how, touched);
        assertThat(touched).as(name + "\n" + plan).isLessThan(most);
    }

    /// The partitions of days that the statement opens, by table and day.
    public Set<String> days(Sql sql, Args args) throws SQLException {
        return DAY.matcher(explain(sql, args))
                .results()
                .map(found -> found.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /// How often the part of the plan that makes rows of the statement's arrays was run; 0 when there is none.
    public int runsOfArrays(Sql sql, Args args) throws SQLException {
        return ARRAYS.matcher(explain(sql, args))
                .results()
                .mapToInt(found -> Integer.parseInt(found.group(1)))
                .max()
                .orElse(0);
    }

    /// Has PostgreSQL make its plan now, and keep it under a name.
    public void keep(String name, Sql sql, Args args) throws SQLException {
        prepare(name, sql);
        try (Statement statement = connection.createStatement()) {
            statement.execute("explain " + execute(name, sql, args));
        }
        connection.commit();
    }

    /// The most rows that a part of a plan kept earlier goes through, those it only looks at included, and pages.
    public Effort effortOfKept(String name, Sql sql, Args args) throws SQLException {
        try {
            return Effort.of(run(name, sql, args));
        } finally {
            connection.rollback();
        }
    }

    /// What the dearest part of a plan did. A part counts what the parts below it did, too, in pages, not in rows.
    public record Effort(long rows, int pages, String plan) {
        private static final Pattern ROWS = Pattern.compile(
                "\"Actual Rows\": ([\\d.]+),\\s*\"Actual Loops\": (\\d+)"
                        + "(?:(?!\"Node Type\").)*?(?=\"Node Type\"|$)",
                Pattern.DOTALL);
        private static final Pattern REMOVED = Pattern.compile("\"Rows Removed by [A-Za-z ]+\": ([\\d.]+)");

        static Effort of(String plan) {
            long most = 0;
            Matcher parts = ROWS.matcher(plan);
            while (parts.find()) {
                double rows = Double.parseDouble(parts.group(1));
                Matcher removed = REMOVED.matcher(parts.group());
                while (removed.find()) {
                    rows += Double.parseDouble(removed.group(1));
                }
                most = Math.max(most, Math.round(rows * Long.parseLong(parts.group(2))));
            }
            return new Effort(most, pagesOf(plan), plan);
        }
    }

    private static int pagesOf(String plan) {
        return PAGES.matcher(plan)
                .results()
                .mapToInt(pages -> Integer.parseInt(pages.group(1)) + Integer.parseInt(pages.group(2)))
                .max()
                .orElse(0);
    }

    /// Prepared and executed with literals, since only that shows the plan that the server gets.
    private String explain(Sql sql, Args args) throws SQLException {
        try {
            prepare("p", sql);
            return run("p", sql, args);
        } finally {
            connection.rollback();
            try (Statement statement = connection.createStatement()) {
                statement.execute("deallocate all");
            }
            connection.commit();
        }
    }

    private void prepare(String name, Sql sql) throws SQLException {
        List<String> types = types(sql);
        String typed = types.isEmpty() ? "" : "(" + String.join(", ", types) + ")";
        try (Statement statement = connection.createStatement()) {
            statement.execute("prepare " + name + typed + " as " + numbered(sql.text()));
        }
    }

    private String run(String name, Sql sql, Args args) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet plan =
                        statement.executeQuery("explain (analyze, buffers, format json) " + execute(name, sql, args))) {
            plan.next();
            return plan.getString(1);
        }
    }

    private static String execute(String name, Sql sql, Args args) {
        var literals = new ArrayList<String>();
        for (String parameter : sql.parameters()) {
            literals.add(literal(args.value(parameter)));
        }
        return "execute " + name + (literals.isEmpty() ? "" : "(" + String.join(", ", literals) + ")");
    }

    private static String numbered(String text) {
        var numbered = new StringBuilder();
        int number = 0;
        for (char c : text.toCharArray()) {
            numbered.append(c == '?' ? "$" + ++number : String.valueOf(c));
        }
        return numbered.toString();
    }

    private List<String> types(Sql sql) throws SQLException {
        var types = new ArrayList<String>();
        try (PreparedStatement statement = connection.prepareStatement(sql.text())) {
            for (int i = 1; i <= sql.parameters().size(); i++) {
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
            case String text -> "'" + text.replace("'", "''") + "'";
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
            case 27 -> "\"(" + in.getInt() + "," + in.getShort() + ")\"";
            case 1184 -> "\"" + dev.spooled.time.Clock.instantOf(in.getLong() + 946_684_800_000_000L) + "\"";
            default -> {
                byte[] text = new byte[length];
                in.get(text);
                yield "\"" + new String(text, StandardCharsets.UTF_8).replace("\"", "\\\"") + "\"";
            }
        };
    }
}
