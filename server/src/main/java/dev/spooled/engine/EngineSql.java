package dev.spooled.engine;

import dev.spooled.db.Sql;
import dev.spooled.db.Statements;

/// The statements of engine.sql by name.
final class EngineSql {
    static final Statements ALL = Statements.beside(EngineSql.class, "engine.sql");

    static final Sql BEGIN = ALL.get("begin");
    static final Sql COMMIT = ALL.get("commit");
    static final Sql FLUSH_LATER = ALL.get("flush_later");
    static final Sql FLUSH = ALL.get("flush");
    static final Sql BARRIER = ALL.get("barrier");
    static final Sql MARK = ALL.get("mark");
    static final Sql HEARTBEAT = ALL.get("heartbeat");
    static final Sql COMPLETE = ALL.get("complete");
    static final Sql FAIL = ALL.get("fail");
    static final Sql RELEASE = ALL.get("release");
    static final Sql CANCEL = ALL.get("cancel");
    static final Sql PRIORITISE = ALL.get("prioritise");
    static final Sql REVIVE = ALL.get("revive");
    static final Sql PURGE = ALL.get("purge");
    static final Sql PROMOTE = ALL.get("promote");
    static final Sql SCAN_LEASES = ALL.get("scan_leases");
    static final Sql REAP = ALL.get("reap");
    static final Sql EXPIRE = ALL.get("expire");
    static final Sql ENQUEUE = ALL.get("enqueue");
    static final Sql ENQUEUE_KEYED = ALL.get("enqueue_keyed");
    static final Sql HOLD_PARENTS = ALL.get("hold_parents");
    static final Sql ENQUEUE_CHILD = ALL.get("enqueue_child");
    static final Sql FORGET_UNBORN = ALL.get("forget_unborn");
    static final Sql IDEM_WINNERS = ALL.get("idem_winners");
    static final Sql TAG = ALL.get("tag");
    static final Sql CLAIM = ALL.get("claim");
    static final Sql CLAIM_BY_KEY = ALL.get("claim_by_key");
    static final Sql NONE_WAITS = ALL.get("none_waits");
    static final Sql HOLD_CHILDREN = ALL.get("hold_children");
    static final Sql SETTLE_CHILDREN = ALL.get("settle_children");
    static final Sql OPEN_LANE = ALL.get("open_lane");
    static final Sql DEPARTURES = ALL.get("departures");
    static final Sql LEASES_GRANTED = ALL.get("leases_granted");
    static final Sql JOBS_PRESENT = ALL.get("jobs_present");
    static final Sql SETTLED_BY = ALL.get("settled_by");
    static final Sql JOBS_GONE = ALL.get("jobs_gone");
    static final Sql JOBS_ALIVE = ALL.get("jobs_alive");
    static final Sql PRIORITIES = ALL.get("priorities");

    private EngineSql() {}
}
