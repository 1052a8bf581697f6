package dev.spooled.moving;

import dev.spooled.config.CannotStart;
import dev.spooled.db.DbAddress;
import dev.spooled.db.DbAddress.Role;
import java.io.BufferedReader;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Reads what `Export` wrote into a database that a server may be using, in one transaction: public ids, keys
/// and times stay; the internal numbers of the organization and its queues are given anew. Refuses an
/// organization that is there already, a file that was cut off, and one of another version.
public final class Import {
    private static final int BATCH_ROWS = 500;
    private static final int BATCH_CHARS = 4 << 20;
    private static final int CELL = 0;

    private final DbAddress to;
    private final JsonMapper json = JsonMapper.builder()
            .enable(tools.jackson.databind.DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();
    private final Map<Integer, Integer> queues = new HashMap<>();
    private final List<String> batch = new ArrayList<>();
    private final Map<String, String> insertOf = new HashMap<>();
    private String table = "";
    private int batchChars;
    private int org;

    public Import(DbAddress to) {
        this.to = to;
    }

    /// Returns the number of rows.
    public long read(BufferedReader in) throws IOException {
        try (Connection connection =
                DriverManager.getConnection(to.jdbcUrl(), to.properties(Role.ENGINE, "-c statement_timeout=0"))) {
            connection.setAutoCommit(false);
            long rows = read(connection, in);
            connection.commit();
            return rows;
        } catch (SQLException e) {
            throw new CannotStart("nothing was imported: " + e.getMessage(), e);
        } catch (JacksonException e) {
            throw new CannotStart("nothing was imported, the file is not what an export writes: " + e.getMessage(), e);
        }
    }

    private long read(Connection connection, BufferedReader in) throws SQLException, IOException {
        openOrganization(connection, parsed(in.readLine()));
        long rows = 0;
        for (JsonNode line = parsed(in.readLine()); ; line = parsed(in.readLine())) {
            JsonNode total = line.get("rows");
            if (total != null) {
                flush(connection);
                if (total.longValue() != rows) {
                    throw new CannotStart("nothing was imported: the file has " + rows + " rows and says " + total);
                }
                derive(connection);
                return rows;
            }
            take(connection, line.path("table").asString(), (ObjectNode) line.path("row"));
            rows++;
        }
    }

    private JsonNode parsed(@org.jspecify.annotations.Nullable String line) {
        if (line == null) {
            throw new CannotStart("nothing was imported: the file ends before its end");
        }
        return json.readTree(line);
    }

    private void openOrganization(Connection connection, JsonNode head) throws SQLException {
        if (head.path("spooled_export").intValue() != Export.VERSION) {
            throw new CannotStart("nothing was imported: this is no export of version " + Export.VERSION);
        }
        ObjectNode row = (ObjectNode) head.path("organization");
        row.put("cell", CELL);
        try (PreparedStatement find =
                connection.prepareStatement("select slug from organization where public_id = ?::uuid or slug = ?")) {
            find.setString(1, row.path("public_id").asString());
            find.setString(2, row.path("slug").asString());
            try (ResultSet found = find.executeQuery()) {
                if (found.next()) {
                    throw new CannotStart("nothing was imported: organization '" + found.getString(1)
                            + "' is here already, or one with its slug");
                }
            }
        }
        org = numbered(connection, "organization", row);
    }

    private void take(Connection connection, String name, ObjectNode row) throws SQLException {
        if (Belongings.all().stream().noneMatch(known -> known.table().equals(name))) {
            throw new CannotStart("nothing was imported: the file has rows of '" + name + "'");
        }
        if (!name.equals(table)) {
            flush(connection);
            table = name;
        }
        adopt(row);
        if (name.equals("queue")) {
            queues.put(row.path("id").intValue(), numbered(connection, name, row));
            return;
        }
        batch.add(row.toString());
        batchChars += batch.getLast().length();
        if (batch.size() >= BATCH_ROWS || batchChars >= BATCH_CHARS) {
            flush(connection);
        }
    }

    /// The row under the numbers it has here.
    private void adopt(ObjectNode row) {
        if (row.has("org")) {
            row.put("org", org);
        }
        if (row.has("cell")) {
            row.put("cell", CELL);
        }
        if (row.path("queue").isInt()) {
            Integer queue = queues.get(row.path("queue").intValue());
            if (queue == null) {
                throw new CannotStart("nothing was imported: a row names the queue " + row.path("queue")
                        + ", which is not in the file");
            }
            row.put("queue", queue);
        }
    }

    private int numbered(Connection connection, String name, ObjectNode row) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(insert(connection, name) + " returning id")) {
            insert.setString(1, "[" + row + "]");
            try (ResultSet made = insert.executeQuery()) {
                made.next();
                return made.getInt(1);
            }
        }
    }

    private void flush(Connection connection) throws SQLException {
        if (batch.isEmpty()) {
            return;
        }
        String rows = "[" + String.join(",", batch) + "]";
        ensureDays(connection, rows);
        String already = table.equals("app_user") ? " on conflict do nothing" : "";
        try (PreparedStatement insert = connection.prepareStatement(insert(connection, table) + already)) {
            insert.setString(1, rows);
            insert.executeUpdate();
        }
        batch.clear();
        batchChars = 0;
    }

    private void ensureDays(Connection connection, String rows) throws SQLException {
        if (!table.equals("job")) {
            return;
        }
        try (PreparedStatement days = connection.prepareStatement(
                "select ensure_day(day) from (select distinct (uuid7_time((r ->> 'id')::uuid) at time zone 'UTC')::date as day"
                        + " from jsonb_array_elements(?::jsonb) r) d")) {
            days.setString(1, rows);
            days.execute();
        }
    }

    /// Into all columns but the one that numbers rows by itself.
    private String insert(Connection connection, String name) throws SQLException {
        String known = insertOf.get(name);
        if (known != null) {
            return known;
        }
        try (Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery("select quote_ident(attname) from pg_attribute where attrelid = '" + name
                                + "'::regclass and attnum > 0 and not attisdropped and attidentity = ''"
                                + " and attgenerated = '' order by attnum")) {
            var columns = new ArrayList<String>();
            while (row.next()) {
                columns.add(row.getString(1));
            }
            String names = String.join(", ", columns);
            String insert = "insert into " + name + " (" + names + ") select "
                    + columns.stream().map(column -> "r." + column).collect(Collectors.joining(", "))
                    + " from jsonb_populate_recordset(null::" + name + ", ?::jsonb) r";
            insertOf.put(name, insert);
            return insert;
        }
    }

    /// What a server makes of jobs by itself, as far as it is past them already.
    private void derive(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("insert into job_by_queue (cell, queue, id, org) select cell, queue, id, org from job"
                    + " where cell = " + CELL + " and org = " + org
                    + " and id <= (select listed from list_mark where cell = " + CELL + ") on conflict do nothing");
            statement.execute(
                    "insert into ended (cell, id, status) select distinct d.cell, d.id, d.status from dependency p"
                            + " join waiting w on w.cell = p.cell and w.id = p.child"
                            + " join done d on d.cell = p.cell and d.id = p.parent where p.cell = " + CELL
                            + " and p.org = "
                            + org);
        }
    }
}
