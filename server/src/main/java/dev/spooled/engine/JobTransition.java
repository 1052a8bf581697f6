package dev.spooled.engine;

import static dev.spooled.engine.JobTransition.Place.CANCELLED;
import static dev.spooled.engine.JobTransition.Place.COMPLETED;
import static dev.spooled.engine.JobTransition.Place.DEADLETTER;
import static dev.spooled.engine.JobTransition.Place.LEASE;
import static dev.spooled.engine.JobTransition.Place.NOWHERE;
import static dev.spooled.engine.JobTransition.Place.READY;
import static dev.spooled.engine.JobTransition.Place.SCHEDULED;
import static dev.spooled.engine.JobTransition.Place.WAITING;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Every move of a job from one table to another, and the statement of engine.sql, workflows.sql or schedules.sql that
/// makes it. There
/// are no others:
/// a test compares this table with the statements, and the drawing in docs/database.md with this table.
enum JobTransition {
    ENQUEUE("enqueue", NOWHERE, READY, SCHEDULED),
    ENQUEUE_KEYED("enqueue_keyed", NOWHERE, READY, SCHEDULED),
    ENQUEUE_CHILD("enqueue_child", NOWHERE, READY, SCHEDULED, WAITING),
    ENQUEUE_WORKFLOW("enqueue_workflow", NOWHERE, READY, SCHEDULED, WAITING),
    FIRE_SCHEDULES("fire_schedules", NOWHERE, READY, SCHEDULED),
    LINK_READY("link_jobs", READY, WAITING),
    LINK_SCHEDULED("link_jobs", SCHEDULED, WAITING),
    SIGNAL("signal", WAITING, READY, SCHEDULED),
    SETTLE_CHILDREN("settle_children", WAITING, READY, SCHEDULED, CANCELLED),
    CLAIM("claim", READY, LEASE),
    CLAIM_BY_KEY("claim_by_key", READY, LEASE),
    COMPLETE("complete", LEASE, COMPLETED),
    FAIL("fail", LEASE, SCHEDULED, DEADLETTER),
    RELEASE("release", LEASE, READY),
    REAP("reap", LEASE, READY, DEADLETTER),
    PROMOTE("promote", SCHEDULED, READY),
    CANCEL_READY("cancel", READY, CANCELLED),
    CANCEL_SCHEDULED("cancel", SCHEDULED, CANCELLED),
    CANCEL_WAITING("cancel", WAITING, CANCELLED),
    EXPIRE_READY("expire", READY, CANCELLED),
    EXPIRE_SCHEDULED("expire", SCHEDULED, CANCELLED),
    EXPIRE_WAITING("expire", WAITING, CANCELLED),
    CANCEL_WORKFLOW_READY("cancel_workflow_jobs", READY, CANCELLED),
    CANCEL_WORKFLOW_SCHEDULED("cancel_workflow_jobs", SCHEDULED, CANCELLED),
    CANCEL_WORKFLOW_WAITING("cancel_workflow_jobs", WAITING, CANCELLED),
    REVIVE("revive", DEADLETTER, READY),
    RERUN_COMPLETED("rerun_workflows", COMPLETED, READY, WAITING),
    RERUN_DEAD("rerun_workflows", DEADLETTER, READY, WAITING),
    RERUN_CANCELLED("rerun_workflows", CANCELLED, READY, WAITING),
    PURGE("purge", DEADLETTER, NOWHERE);

    /// Where a job's id may lie. The three ends share the table `done`.
    enum Place {
        NOWHERE("", "[*]"),
        READY("ready", "ready"),
        SCHEDULED("scheduled", "scheduled"),
        WAITING("waiting", "waiting"),
        LEASE("lease", "lease"),
        COMPLETED("done", "completed"),
        DEADLETTER("done", "deadletter"),
        CANCELLED("done", "cancelled");

        final String table;
        private final String drawn;

        Place(String table, String drawn) {
            this.table = table;
            this.drawn = drawn;
        }
    }

    final String statement;
    final Place from;
    final List<Place> to;

    JobTransition(String statement, Place from, Place... to) {
        this.statement = statement;
        this.from = from;
        this.to = List.of(to);
    }

    /// The life cycle as a Mermaid state diagram. Statements that make the same move share an arrow.
    static String drawing() {
        return Arrays.stream(values())
                .flatMap(JobTransition::arrows)
                .collect(Collectors.groupingBy(
                        Arrow::ends,
                        java.util.LinkedHashMap::new,
                        Collectors.mapping(Arrow::statement, Collectors.joining(", "))))
                .entrySet()
                .stream()
                .map(arrow -> "    " + arrow.getKey() + " : " + arrow.getValue() + "\n")
                .collect(Collectors.joining("", "stateDiagram-v2\n", ""));
    }

    private record Arrow(String ends, String statement) {}

    private Stream<Arrow> arrows() {
        return to.stream().map(end -> new Arrow(from.drawn + " --> " + end.drawn, statement));
    }
}
