package dev.spooled.jobs;

import dev.spooled.access.Caller;
import dev.spooled.announce.Announcement.JobProgress;
import dev.spooled.announce.Announcer;
import dev.spooled.db.Args;
import dev.spooled.db.Homes;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.engine.Command.Holder;
import dev.spooled.refusal.Refused;
import dev.spooled.time.Clock;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Takes what workers say about how far they are. Not a change of the job: it goes past the lane, straight to its
/// table.
public final class Progress {
    private static final Sql REPORT =
            Statements.beside(Progress.class, "jobs.sql").get("report_progress");
    private static final int MAX_MESSAGE_BYTES = 4_096;

    private final Homes db;
    private final Clock clock;
    private final JobReads reads;
    private final Diagnosis diagnosis;
    private final Announcer announcer;

    public Progress(Homes db, Clock clock, JobReads reads, Diagnosis diagnosis, Announcer announcer) {
        this.db = db;
        this.clock = clock;
        this.reads = reads;
        this.diagnosis = diagnosis;
        this.announcer = announcer;
    }

    /// One report, as sent: lease and worker narrow down whose it may be, if given.
    record Report(
            double percent,
            @Nullable String message,
            @Nullable UUID lease,
            @Nullable String worker) {
        Report {
            if (!(percent >= 0 && percent <= 100)) {
                throw Refused.invalid("progress", "progress must lie between 0 and 100");
            }
            message = message == null ? null : Utf8.truncated(message, MAX_MESSAGE_BYTES);
        }
    }

    void report(Caller caller, UUID id, Report report) {
        if (!caller.queues().isEmpty()) {
            caller.check(reads.queueOf(caller, id).orElseThrow(() -> Refused.notFound("Job not found: " + id)));
        }
        if (!stored(caller, id, report)) {
            String worker = report.worker() == null ? "" : report.worker();
            var holder = new Holder(caller.org(), id, report.lease(), worker);
            var unused = diagnosis.ofAcknowledgement(caller, Diagnosis.Verb.HEARTBEAT, holder);
            throw Refused.unavailable("The job is changing hands, try again");
        }
        if (announcer.isHeardBy(caller.org())) {
            reads.queueOf(caller, id)
                    .ifPresent(queue -> announcer.announce(
                            new JobProgress(caller.org(), queue, id, report.percent(), report.message())));
        }
    }

    private boolean stored(Caller caller, UUID id, Report report) {
        Args args = Args.of("org", caller.org())
                .and("id", id)
                .and("lease", report.lease())
                .and("worker", report.worker())
                .and("percent", report.percent())
                .and("message", report.message())
                .and("now", clock.now());
        return db.inOrg(caller.org(), tx -> tx.first(REPORT, args, row -> true)).isPresent();
    }
}
