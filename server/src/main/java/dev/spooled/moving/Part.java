package dev.spooled.moving;

import dev.spooled.moving.Schema.Table;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What is copied at a time: a table, or a partition of one, called `name`. `relation` is its number in
/// PostgreSQL. `written` is the same as before only if nobody has written to it since: PostgreSQL's own counts
/// of its inserts, updates and deletes, and since when it counts, which begins anew after a crash.
record Part(Table table, String name, String relation, long bytes, String written) {
    private static final Pattern DAY = Pattern.compile("_([0-9]{8})$");

    private static final String PARTS = """
            select coalesce(parent.relname, c.relname) as table_name, c.relname as name, c.oid::text as relation,
                   pg_relation_size(c.oid) as bytes,
                   concat_ws(' ', c.oid, pg_stat_get_tuples_inserted(c.oid), pg_stat_get_tuples_updated(c.oid),
                             pg_stat_get_tuples_deleted(c.oid), (select stats_reset from pg_stat_wal)) as written
            from pg_class c
            left join pg_inherits i on i.inhrelid = c.oid
            left join pg_class parent on parent.oid = i.inhparent
            where c.relnamespace = 'spooled'::regnamespace and c.relkind = 'r'
            order by c.relname
            """;

    /// All there are, in the order of their tables.
    static List<Part> of(Connection connection, Schema schema) throws SQLException {
        var found = new ArrayList<Part>();
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(PARTS)) {
            while (row.next()) {
                String table = row.getString("table_name");
                Optional<Table> known = schema.tables().stream()
                        .filter(one -> one.name().equals(table))
                        .findFirst();
                if (known.isPresent()) {
                    found.add(new Part(
                            known.get(),
                            row.getString("name"),
                            row.getString("relation"),
                            row.getLong("bytes"),
                            row.getString("written")));
                }
            }
        }
        var ordered = new ArrayList<Part>();
        for (Table table : schema.tables()) {
            found.stream().filter(part -> part.table().equals(table)).forEach(ordered::add);
        }
        return ordered;
    }

    /// The day whose jobs are here, if it is a day's partition.
    Optional<LocalDate> day() {
        Matcher day = DAY.matcher(name);
        return !isWhole() && day.find()
                ? Optional.of(LocalDate.parse(day.group(1), DateTimeFormatter.BASIC_ISO_DATE))
                : Optional.empty();
    }

    boolean isWhole() {
        return name.equals(table.name());
    }

    /// Where its rows go: those of a day have their own partition over there, too; of another partition,
    /// such as what is kept of an old day, the table finds the place.
    String place() {
        return day().isPresent() ? name : table.name();
    }

    /// Whether it can be copied before its turn and be brought up to date later.
    boolean mayGoAhead() {
        return table.alone() && !table.key().isEmpty() && (isWhole() || day().isPresent());
    }
}
