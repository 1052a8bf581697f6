package dev.spooled.cells;

import dev.spooled.config.CannotStart;
import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.db.Tx;
import java.util.List;
import java.util.UUID;

/// Makes an empty database that of a further cell, once, and holds it to that: its number and whose it is are written
/// into it, so that two installations, or two numbers, cannot share one by mistake.
record Adoption(UUID installation) {
    private static final Statements SQL = Statements.beside(Adoption.class, "cells.sql");
    private static final Sql HOLD = SQL.get("hold_adoption");
    private static final Sql ADOPTED_BY = SQL.get("adopted_by");
    private static final Sql IN_USE = SQL.get("in_use");
    private static final List<Sql> STEPS = List.of(SQL.get("adopt"), SQL.get("no_other"), SQL.get("open_list"));
    private static final Sql NUMBER_QUEUES = SQL.get("number_queues");

    private record Owner(int cell, UUID installation) {}

    void of(Db db) {
        var done = db.asEngine(tx -> {
            tx.list(HOLD, Args.NONE, row -> true);
            var owner =
                    tx.first(ADOPTED_BY, Args.NONE, row -> new Owner(row.integer("cell"), row.uuid("installation")));
            if (owner.isEmpty()) {
                adopt(tx, db.cell());
            } else if (!owner.get().equals(new Owner(db.cell(), installation))) {
                throw new CannotStart("the database named as cell " + db.cell() + " is cell "
                        + owner.get().cell() + " of "
                        + (owner.get().installation().equals(installation) ? "this" : "another") + " installation");
            }
            return true;
        });
        assert done;
    }

    private void adopt(Tx tx, int cell) {
        if (tx.first(IN_USE, Args.NONE, row -> true).isPresent()) {
            throw new CannotStart(
                    "the database named as cell " + cell + " holds organizations already: give it an empty one");
        }
        Args args = Args.of("installation", installation);
        STEPS.forEach(step -> tx.run(step, args));
        tx.list(NUMBER_QUEUES, args, row -> true);
    }
}
