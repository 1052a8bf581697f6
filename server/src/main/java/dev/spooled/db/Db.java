package dev.spooled.db;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.spooled.db.DbAddress.Role;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Transactions outside the lane: `asEngine` for the server's own reads and chores, `inOrg` for whatever a
/// tenant asks, which is the only way to a tenant's rows by the tenant's own role and sets the organization
/// row security looks at.
///
/// A semaphore of the pool's size stands before each pool: thousands of virtual threads queueing inside
/// HikariCP cost half the throughput (measured).
public final class Db implements Homes, AutoCloseable {
    private final Pulse pulse;
    private final Gate engine;
    private final Gate tenant;
    private final int cell;
    private final boolean fenced;

    public Db(DbAddress address, int connections) {
        this(address, connections, 0);
    }

    public Db(DbAddress address, int connections, int cell) {
        this(address, connections, cell, false);
    }

    /// One of several with `fenced`: organizations come and go, so each transaction of one makes sure that it is here.
    public Db(DbAddress address, int connections, int cell, boolean fenced) {
        this.cell = cell;
        this.fenced = fenced;
        String prelude = fenced ? Tx.ENTER : Tx.SET_ORG;
        pulse = new Pulse(address, cell);
        engine = new Gate(address, Role.ENGINE, connections, cell, prelude, pulse);
        tenant = new Gate(address, Role.TENANT, connections, cell, prelude, pulse);
    }

    /// From now on asks each second whether the database answers. When no answer comes, transactions that wait
    /// for one end as failed; when none has for five seconds, new ones are refused at once. `onSilence` is run at
    /// each question to which no answer came, for whoever waits on a connection of his own.
    public void watch(Runnable onSilence) {
        pulse.start(() -> {
            engine.giveUpWaiting();
            tenant.giveUpWaiting();
            onSilence.run();
        });
    }

    /// Whether the database answered when it was last asked; taken to be so until it is watched.
    public boolean isAnswering() {
        return pulse.isBeating();
    }

    /// The cell whose rows these are.
    public int cell() {
        return cell;
    }

    @Override
    public Db of(int org) {
        return this;
    }

    @Override
    public Map<Db, List<Integer>> byHome(Collection<Integer> orgs) {
        return Map.of(this, List.copyOf(orgs));
    }

    @Override
    public List<Db> all() {
        return List.of(this);
    }

    public <T> T asEngine(Function<Tx, T> work) {
        return engine.transaction(null, work);
    }

    @Override
    public <T> T inOrg(int org, Function<Tx, T> work) {
        return tenant.transaction(org, work);
    }

    @Override
    public <T> T asEngineFor(int org, Function<Tx, T> work) {
        return engine.transaction(fenced ? org : null, work);
    }

    /// One reading statement as the engine, in one round trip.
    public <T> List<T> readAsEngine(Sql sql, Args args, Row.Reader<T> reader) {
        return engine.read(null, sql, args, reader);
    }

    /// One reading statement of a tenant, in one round trip. With a null among the parameters it is a
    /// transaction: pgjdbc describes a statement that has a parameter of unknown type, and from then on sends
    /// the two apart, so that the second would know of no organization and find nothing.
    @Override
    public <T> List<T> readInOrg(int org, Sql sql, Args args, Row.Reader<T> reader) {
        return args.hasNull() ? inOrg(org, tx -> tx.list(sql, args, reader)) : tenant.read(org, sql, args, reader);
    }

    /// A tenant transaction without a tenant: sees nothing. For the start-up self-test.
    public <T> T asNobody(Function<Tx, T> work) {
        return tenant.transaction(null, work);
    }

    @Override
    public void close() {
        pulse.close();
        engine.close();
        tenant.close();
    }

    /// One pool and the semaphore before it.
    private static final class Gate implements AutoCloseable {
        private static final long WAIT_SECONDS = 10;

        /// Clients give up after 30 seconds: what a tenant asks is answered, or refused, before.
        private static final int TENANT_SECONDS = 20;

        private static final int ENGINE_SECONDS = 30;

        /// Longer than a statement by so much, the connection is taken to be dead.
        private static final int DEAD_AFTER_SECONDS = 5;

        // What a tenant asks is bounded and goes by keys, so plans are made once, and only of such steps. Left
        // to itself PostgreSQL plans a list for each call (24 ms over 33 days of partitions, for rows that take
        // 10), or once with a step that passes a whole table for every row (120 ms; at 10 million jobs).
        private static final String BY_KEY = " -c plan_cache_mode=force_generic_plan -c enable_seqscan=off"
                + " -c enable_hashjoin=off -c enable_mergejoin=off";

        private final HikariDataSource pool;
        private final Semaphore places;

        /// Connections that transactions are at.
        private final Set<Connection> lent = ConcurrentHashMap.newKeySet();

        private final int cell;
        private final String prelude;
        private final Pulse pulse;

        Gate(DbAddress address, Role role, int connections, int cell, String prelude, Pulse pulse) {
            this.cell = cell;
            this.prelude = prelude;
            this.pulse = pulse;
            int seconds = role == Role.TENANT ? TENANT_SECONDS : ENGINE_SECONDS;
            var config = new HikariConfig();
            config.setPoolName("db-" + role.name().toLowerCase(java.util.Locale.ROOT));
            config.setJdbcUrl(address.jdbcUrl());
            Properties properties = address.properties(
                    role,
                    "-c statement_timeout=" + seconds + "s -c lock_timeout=5s"
                            + " -c idle_in_transaction_session_timeout=30s"
                            + (role == Role.TENANT ? BY_KEY : ""));
            properties.setProperty("socketTimeout", Integer.toString(seconds + DEAD_AFTER_SECONDS));
            properties.setProperty("loginTimeout", DbAddress.OPENED_WITHIN_SECONDS);
            config.setDataSourceProperties(properties);
            config.setMaximumPoolSize(connections);
            config.setMinimumIdle(1);
            config.setConnectionTimeout(TimeUnit.SECONDS.toMillis(WAIT_SECONDS));
            config.setAutoCommit(false);
            config.setInitializationFailTimeout(-1);
            pool = new HikariDataSource(config);
            places = new Semaphore(connections, true);
        }

        /// A statement that commits by itself: organization and query go as one implicit transaction.
        <T> List<T> read(@Nullable Integer org, Sql sql, Args args, Row.Reader<T> reader) {
            enter();
            try (Loan loan = lend()) {
                loan.connection().setAutoCommit(true);
                return new Tx(loan.connection(), org, cell, prelude).list(sql, args, reader);
            } catch (SQLException e) {
                throw new DbFault(sql.name(), e);
            } finally {
                places.release();
            }
        }

        <T> T transaction(@Nullable Integer org, Function<Tx, T> work) {
            enter();
            try (Loan loan = lend()) {
                return committed(loan.connection(), org, work);
            } catch (SQLException e) {
                throw new DbFault("transaction", e);
            } finally {
                places.release();
            }
        }

        /// A connection of the pool, known while it is away.
        private record Loan(Connection connection, Set<Connection> lent) implements AutoCloseable {
            @Override
            public void close() throws SQLException {
                lent.remove(connection);
                connection.close();
            }
        }

        private Loan lend() throws SQLException {
            Connection connection = pool.getConnection();
            lent.add(connection);
            return new Loan(connection, lent);
        }

        /// Ends every wait for an answer, from any thread. Connections made before are not used again: one may be
        /// dead without saying so.
        void giveUpWaiting() {
            lent.forEach(DbAddress::sever);
            pool.getHikariPoolMXBean().softEvictConnections();
        }

        private void enter() {
            if (pulse.isLost()) {
                throw DbFault.unasked();
            }
            try {
                if (!places.tryAcquire(WAIT_SECONDS, TimeUnit.SECONDS)) {
                    throw new DbFault("connection", new SQLTransientConnectionException("no connection free", "08001"));
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new DbFault("connection", new SQLTransientConnectionException("interrupted", "08001"));
            }
        }

        private <T> T committed(Connection connection, @Nullable Integer org, Function<Tx, T> work)
                throws SQLException {
            T result;
            try {
                result = work.apply(new Tx(connection, org, cell, prelude));
            } catch (RuntimeException | Error e) {
                rollBack(connection, e);
                throw e;
            }
            connection.commit();
            return result;
        }

        private static void rollBack(Connection connection, Throwable why) {
            try {
                connection.rollback();
            } catch (SQLException e) {
                why.addSuppressed(e);
            }
        }

        @Override
        public void close() {
            pool.close();
        }
    }
}
