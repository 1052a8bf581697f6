package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.db.Args;
import dev.spooled.db.Sql;
import dev.spooled.support.Await;
import dev.spooled.support.TestDb;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/// Which nodes live: those who share rates, who must know a cell, and whether a lane is alone.
final class NodesTest {
    private static final Sql ROWS = new Sql(
            "rows",
            "select (select count(*) from node)::int as nodes, (select count(*) from lane_mark)::int as marks",
            List.of());

    private final TestDb database = TestDb.create();

    private Cell open() {
        return Cell.open(database.address(), new Cell.Options(UUID.randomUUID(), 2, "test", Lane.Way.EXACT, false));
    }

    private String rows() {
        return database.db()
                .readAsEngine(
                        ROWS, Args.NONE, row -> row.integer("nodes") + " nodes, " + row.integer("marks") + " marks")
                .getFirst();
    }

    @Test
    void whoStopsInOrderDoesNotCountAnyLonger() {
        try (var database = this.database;
                Cell first = open()) {
            assertThat(database.db()).isNotNull();
            Cell second = open();
            assertThat(second.nodes()).isEqualTo(2);
            Await.until(first::nodes, nodes -> nodes == 2);
            assertThat(rows()).isEqualTo("2 nodes, 2 marks");
            second.close();
            assertThat(rows()).isEqualTo("1 nodes, 1 marks");
            Await.until(first::isAlone, alone -> alone);
        }
    }
}
