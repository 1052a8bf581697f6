package dev.spooled.db;

import dev.spooled.config.CannotStart;
import java.util.ArrayList;
import java.util.List;

/// Asked at every start, after the migration: does row security hold? The role that tenants' requests act in must own
/// nothing, be nobody's member, bypass nothing, reach only tables that row security guards, and see no row as long as
/// no tenant is set.
public final class RoleSelfTest {
    private static final Statements SQL = Statements.beside(RoleSelfTest.class, "self-test.sql");

    private RoleSelfTest() {}

    public static void run(Db db) {
        List<String> faults = db.asNobody(RoleSelfTest::faults);
        if (!faults.isEmpty()) {
            throw new CannotStart("row security does not hold: " + String.join("; ", faults));
        }
    }

    private static List<String> faults(Tx tx) {
        List<String> faults = new ArrayList<>(tx.list(SQL.get("powers"), Args.NONE, row -> row.text("fault")));
        tx.list(SQL.get("unguarded"), Args.NONE, row -> row.text("name"))
                .forEach(table -> faults.add("table " + table + " is open to tenants without it"));
        List<String> tables = tx.list(SQL.get("reachable"), Args.NONE, row -> row.text("name"));
        if (tables.isEmpty()) {
            faults.add("the tenant role reaches no table");
            return faults;
        }
        tx.list(seen(tables), Args.NONE, row -> row.text("name"))
                .forEach(table -> faults.add("table " + table + " shows rows without a tenant"));
        return faults;
    }

    private static Sql seen(List<String> tables) {
        List<String> each = tables.stream()
                .map(table -> "select '" + table + "' as name where exists (select 1 from " + table + ")")
                .toList();
        return new Sql("seen", String.join(" union all ", each), List.of());
    }
}
