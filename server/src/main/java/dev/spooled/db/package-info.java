/// The thin layer over JDBC: named statements in .sql files, transactions per role, migrations, embedded PostgreSQL.
@NullMarked
package dev.spooled.db;

import org.jspecify.annotations.NullMarked;
