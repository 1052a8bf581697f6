package dev.spooled.engine;

import dev.spooled.db.Statements;

/// The statements of retention.sql by name.
final class RetentionSql {
    static final Statements ALL = Statements.beside(RetentionSql.class, "retention.sql");

    private RetentionSql() {}
}
