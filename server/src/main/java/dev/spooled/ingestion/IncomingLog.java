package dev.spooled.ingestion;

import dev.spooled.access.Caller;
import dev.spooled.db.Args;
import dev.spooled.db.Homes;
import dev.spooled.db.Row;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.time.Clock;
import dev.spooled.time.Ids;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What was sent to an organization, accepted or not, and why not. A delivery whose job was made is answered even when
/// it cannot be noted.
public final class IncomingLog {
    private static final Logger LOG = LoggerFactory.getLogger(IncomingLog.class);
    private static final Statements SQL = Statements.beside(IncomingLog.class, "ingestion.sql");
    private static final Sql NOTE = SQL.get("note_delivery");
    private static final Sql DELIVERIES = SQL.get("deliveries");
    private static final Sql SPAN_END = SQL.get("span_end");
    private static final UUID NEWEST = new UUID(-1, -1);
    private static final int SPAN = 10_000;
    private static final int MAX_TEXT = 255;

    private final Homes db;
    private final Clock clock;
    private final Ids ids;
    private final IntFunction<Instant> keptSince;

    /// `keptSince` is from when on an organization's history is kept.
    public IncomingLog(Homes db, Clock clock, IntFunction<Instant> keptSince) {
        this.db = db;
        this.keptSince = keptSince;
        this.clock = clock;
        this.ids = new Ids(clock);
    }

    /// `reason` is null for a delivery that was accepted.
    record Noted(
            UUID id,
            String provider,
            @Nullable String eventId,
            @Nullable String eventType,
            @Nullable String queue,
            @Nullable String reason,
            @Nullable UUID job,
            @Nullable String origin,
            Instant at) {}

    /// Newest first, and where to go on if there may be more.
    record Page(List<Noted> deliveries, @Nullable UUID next) {}

    record Search(
            @Nullable String provider,
            @Nullable Boolean accepted,
            @Nullable UUID before,
            int limit) {}

    void accepted(Recipient to, String provider, Event event, UUID job, String origin) {
        note(to, provider, origin, event, null, job);
    }

    void rejected(Recipient to, String provider, @Nullable Event event, String reason, String origin) {
        note(to, provider, origin, event, reason, null);
    }

    private void note(
            Recipient to,
            String provider,
            String origin,
            @Nullable Event event,
            @Nullable String reason,
            @Nullable UUID job) {
        Args args = Args.of("id", ids.next())
                .and("org", to.org())
                .and("provider", provider)
                .and("event_id", event == null ? null : cut(event.id()))
                .and("event_type", event == null ? null : cut(event.type()))
                .and("queue", event == null ? null : cut(event.queue()))
                .and("accepted", reason == null)
                .and("reason", cut(reason))
                .and("job", job)
                .and("origin", origin)
                .and("now", clock.now());
        try {
            db.asEngineFor(to.org(), tx -> tx.run(NOTE, args));
        } catch (RuntimeException e) {
            LOG.warn("a webhook of {} could not be noted", provider, e);
        }
    }

    private static @Nullable String cut(@Nullable String text) {
        return text == null || text.length() <= MAX_TEXT ? text : text.substring(0, MAX_TEXT);
    }

    Page find(Caller caller, Search search) {
        caller.checkUnrestricted();
        Args args = Args.of("org", caller.org())
                .and("before", search.before() == null ? NEWEST : search.before())
                .and("span", SPAN)
                .and("provider", search.provider())
                .and("accepted", search.accepted())
                .and("limit", search.limit())
                .and("kept", Ids.floor(keptSince.apply(caller.org()).toEpochMilli()));
        return db.inOrg(caller.org(), tx -> {
            List<Noted> found = tx.list(DELIVERIES, args, IncomingLog::noted);
            UUID next = found.size() == search.limit()
                    ? found.getLast().id()
                    : tx.first(SPAN_END, args, row -> row.uuid("id")).orElse(null);
            return new Page(found, next);
        });
    }

    private static Noted noted(Row row) throws SQLException {
        return new Noted(
                row.uuid("id"),
                row.text("provider"),
                row.textOrNull("event_id"),
                row.textOrNull("event_type"),
                row.textOrNull("queue"),
                row.textOrNull("reason"),
                row.uuidOrNull("job"),
                row.textOrNull("origin"),
                row.instant("at"));
    }
}
