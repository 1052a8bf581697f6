package dev.spooled.moving;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/// What there is to copy: the tables of our schema with those referred to before those that refer, and their
/// columns. Partitions are no tables of their own here: rows find their day again.
record Schema(List<Table> tables) {
    /// `columns` are quoted and joined as SQL has them, in one order for both sides; so are those of the
    /// `key`, which tells rows apart and is empty where nothing does; `identity` is the column whose
    /// numbers a sequence gives, or empty; `alone` is a table that refers to no other and no other to it.
    record Table(String name, String columns, String key, String identity, boolean alone) {}

    /// Flyway's own record stays with each database.
    private static final String HISTORY = "flyway_schema_history";

    /// `ready` has no primary key, to be cheaper to write, but a job is there once.
    private static final String TABLES = """
            select c.relname as name,
                   (select string_agg(quote_ident(a.attname), ', ' order by a.attname)
                    from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                      and a.attgenerated = '') as columns,
                   coalesce((select string_agg(quote_ident(a.attname), ', ' order by a.attname)
                             from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
                             where i.indrelid = c.oid and i.indisprimary),
                            case when c.relname = 'ready' then 'cell, id' else '' end) as key,
                   coalesce((select a.attname from pg_attribute a
                             where a.attrelid = c.oid and a.attidentity <> ''), '') as identity,
                   not exists (select from pg_constraint k
                               where k.contype = 'f' and c.oid in (k.conrelid, k.confrelid)) as alone
            from pg_class c
            where c.relnamespace = 'spooled'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
              and c.relname <> '%s'
            order by c.relname
            """.formatted(HISTORY);

    private static final String REFERENCES = """
            select a.relname as name, b.relname as needs from pg_constraint k
            join pg_class a on a.oid = k.conrelid join pg_class b on b.oid = k.confrelid
            where k.contype = 'f' and k.connamespace = 'spooled'::regnamespace and a.oid <> b.oid
            """;

    static Schema of(Connection connection) throws SQLException {
        var left = new ArrayList<Table>();
        var needs = new ArrayList<List<String>>();
        try (Statement statement = connection.createStatement()) {
            try (ResultSet row = statement.executeQuery(TABLES)) {
                while (row.next()) {
                    left.add(new Table(
                            row.getString("name"),
                            row.getString("columns"),
                            row.getString("key"),
                            row.getString("identity"),
                            row.getBoolean("alone")));
                }
            }
            try (ResultSet row = statement.executeQuery(REFERENCES)) {
                while (row.next()) {
                    needs.add(List.of(row.getString("name"), row.getString("needs")));
                }
            }
        }
        return new Schema(inOrder(left, needs));
    }

    private static List<Table> inOrder(List<Table> left, List<List<String>> needs) {
        var ordered = new ArrayList<Table>();
        while (!left.isEmpty()) {
            var free = left.stream()
                    .filter(table -> needs.stream()
                            .noneMatch(pair -> pair.getFirst().equals(table.name())
                                    && left.stream()
                                            .anyMatch(other -> other.name().equals(pair.getLast()))))
                    .toList();
            if (free.isEmpty()) {
                throw new IllegalStateException("the tables " + left + " refer to each other in a circle");
            }
            ordered.addAll(free);
            left.removeAll(free);
        }
        return ordered;
    }
}
