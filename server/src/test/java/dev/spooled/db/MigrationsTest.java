package dev.spooled.db;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.TestDb;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class MigrationsTest {
    private static final int AT_ONCE = 10;

    @Test
    void migratingTwiceChangesNothing() {
        DbAddress address = TestDb.createEmpty();
        new Migrator(address).migrate();
        int tables = tables(address);
        new Migrator(address).migrate();
        assertThat(tables).isPositive();
        assertThat(tables(address)).isEqualTo(tables);
    }

    @Test
    void anyNumberOfServersMayMigrateAtOnce() throws Exception {
        DbAddress address = TestDb.createEmpty();
        List<Callable<Boolean>> migrators = new ArrayList<>();
        for (int i = 0; i < AT_ONCE; i++) {
            migrators.add(() -> {
                new Migrator(address).migrate();
                return true;
            });
        }
        try (var threads = Executors.newFixedThreadPool(AT_ONCE)) {
            for (Future<Boolean> migrator : threads.invokeAll(migrators)) {
                assertThat(migrator.get()).isTrue();
            }
        }
        assertThat(tables(address)).isPositive();
    }

    private static int tables(DbAddress address) {
        var count = new Sql(
                "count_tables",
                "select count(*)::int as n from pg_class where relnamespace = 'spooled'::regnamespace",
                List.of());
        try (var db = new Db(address, 1)) {
            return db.asEngine(
                    tx -> tx.first(count, Args.NONE, row -> row.integer("n")).orElseThrow());
        }
    }
}
