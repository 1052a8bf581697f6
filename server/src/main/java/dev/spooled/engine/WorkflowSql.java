package dev.spooled.engine;

import dev.spooled.db.Sql;
import dev.spooled.db.Statements;

/// The statements of workflows.sql by name.
final class WorkflowSql {
    static final Statements ALL = Statements.beside(WorkflowSql.class, "workflows.sql");

    static final Sql ENQUEUE_WORKFLOW = ALL.get("enqueue_workflow");
    static final Sql HOLD_LINKED = ALL.get("hold_linked");
    static final Sql LINK_JOBS = ALL.get("link_jobs");
    static final Sql LINKS_PRESENT = ALL.get("links_present");
    static final Sql SIGNAL = ALL.get("signal");
    static final Sql SIGNALS_GIVEN = ALL.get("signals_given");
    static final Sql HOLD_RERUN = ALL.get("hold_rerun");
    static final Sql RERUN_WORKFLOWS = ALL.get("rerun_workflows");
    static final Sql CANCEL_WORKFLOW_JOBS = ALL.get("cancel_workflow_jobs");
    static final Sql HOLD_WORKFLOWS = ALL.get("hold_workflows");
    static final Sql CLOSE_WORKFLOWS = ALL.get("close_workflows");
    static final Sql SETTLE_WORKFLOWS = ALL.get("settle_workflows");
    static final Sql CANCELLED_WORKFLOWS = ALL.get("cancelled_workflows");
    static final Sql RERUN_SINCE = ALL.get("rerun_since");

    private WorkflowSql() {}
}
