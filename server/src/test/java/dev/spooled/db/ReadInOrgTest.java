package dev.spooled.db;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.TestDb;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Reading as a tenant in one round trip, again and again on the same connection.
class ReadInOrgTest {
    private static final Sql NAMES = new Sql(
            "names", "select name from organization where id = ? and (?::uuid is null or true)", List.of("org", "id"));

    /// pgjdbc remembers a statement from its first use on, and sends it differently then.
    @Test
    void findsTheSameEachTimeAlsoWithNulls() {
        try (TestDb database = TestDb.create()) {
            Sql insert = new Sql(
                    "insert",
                    "insert into organization (public_id, name, slug, created_at, updated_at)"
                            + " values (gen_random_uuid(), 'x', 'x', now(), now()) returning id",
                    List.of());
            int org = database.db()
                    .asEngine(tx -> tx.list(insert, Args.NONE, row -> row.integer("id")))
                    .getFirst();
            Args args = Args.of("org", org).and("id", null);
            for (int i = 0; i < 20; i++) {
                assertThat(database.db().readInOrg(org, NAMES, args, row -> row.text("name")))
                        .containsExactly("x");
            }
        }
    }
}
