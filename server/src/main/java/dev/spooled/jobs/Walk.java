package dev.spooled.jobs;

import dev.spooled.db.Sql;
import java.util.ArrayList;
import java.util.List;

/// A statement that picks ids of jobs in the order of their ids, newest first, from an edge on. Walks are put together
/// here, never written here: one can be turned round, and takes the place of the `:ids` of another statement, so that
/// picking and reading are one statement on one snapshot.
record Walk(Sql sql, boolean newestFirst) {
    private static final String PLACE = "select id from unnest(?::uuid[]) as t (id)";
    private static final String PARAMETER = "ids";

    Walk(Sql sql) {
        this(sql, true);
    }

    /// The same from the other end.
    Walk oldestFirst() {
        String text = sql.text().replaceAll("\\bid desc", "id asc").replaceAll("\\bid < \\?", "id > ?");
        return new Walk(new Sql(sql.name() + " (oldest first)", text, sql.parameters()), false);
    }

    /// The statement with this walk as its source of ids.
    Sql in(Sql outer) {
        int place = outer.parameters().indexOf(PARAMETER);
        if (place < 0 || !outer.text().contains(PLACE)) {
            throw new IllegalArgumentException(outer.name() + " has no place for a walk");
        }
        List<String> parameters = new ArrayList<>(outer.parameters());
        parameters.remove(place);
        parameters.addAll(place, sql.parameters());
        return new Sql(outer.name() + " of " + sql.name(), outer.text().replace(PLACE, sql.text()), parameters);
    }
}
