package dev.spooled.db;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// Leads from an organization to the database of the cell it lives in. A `Db` is the home of everybody who asks it:
/// where there is one cell, there is nothing to be led to.
public interface Homes {
    /// The database that holds the organization's rows now. Refused as `Unavailable` while it is away or on the move.
    Db of(int org);

    /// Organizations by the database they live in; those of one that is away are left out.
    Map<Db, List<Integer>> byHome(Collection<Integer> orgs);

    /// All that can be asked now, that of the directory first.
    List<Db> all();

    default <T> T inOrg(int org, Function<Tx, T> work) {
        return of(org).inOrg(org, work);
    }

    default <T> List<T> readInOrg(int org, Sql sql, Args args, Row.Reader<T> reader) {
        return of(org).readInOrg(org, sql, args, reader);
    }

    /// As the engine, past row security, on behalf of the organization.
    default <T> T asEngineFor(int org, Function<Tx, T> work) {
        return of(org).asEngineFor(org, work);
    }
}
