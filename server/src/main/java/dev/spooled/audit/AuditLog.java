package dev.spooled.audit;

import dev.spooled.access.Caller;
import dev.spooled.access.Trail;
import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.Row;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.db.Tx;
import dev.spooled.time.Clock;
import dev.spooled.time.Ids;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps who changed what. An entry is written before the answer leaves, so whoever was answered is in the log.
/// When the log cannot be written the change, made already, is answered all the same and the entry goes to the
/// server's log.
public final class AuditLog implements Trail {
    private static final Logger log = LoggerFactory.getLogger(AuditLog.class);
    private static final Statements SQL = Statements.beside(AuditLog.class, "audit.sql");
    private static final Sql KEEP = SQL.get("keep");
    private static final Sql PAGE = SQL.get("page");
    private static final Sql SPAN_END = SQL.get("span_end");
    private static final UUID NEWEST = new UUID(-1, -1);
    private static final Pattern ORGANIZATION = Pattern.compile("/api/v1/admin/organizations/([0-9a-fA-F-]{36})(/.*)?");
    private static final int SPAN = 10_000;
    private static final int MAX_TARGET = 512;

    private final Db db;
    private final Clock clock;
    private final Ids ids;

    public AuditLog(Db db, Clock clock) {
        this.db = db;
        this.clock = clock;
        this.ids = new Ids(clock);
    }

    /// Entries, newest first, and where to go on if there may be more.
    record Page(List<AuditEntry> entries, @Nullable UUID next) {}

    @Override
    public void keep(Trail.Entry entry) {
        String target = entry.target().replace('\0', '\uFFFD'); // which PostgreSQL does not take
        Args args = Args.of("id", ids.next())
                .and("org", entry.org())
                .and("organization", entry.org() == Trail.Entry.SERVER ? organization(target) : null)
                .and("actor", entry.actor())
                .and("action", entry.action())
                .and("target", target.length() > MAX_TARGET ? target.substring(0, MAX_TARGET) : target)
                .and("origin", entry.origin())
                .and("result", Integer.toString(entry.status()))
                .and("now", clock.now());
        try {
            db.asEngine(tx -> tx.run(KEEP, args));
        } catch (RuntimeException e) {
            log.error("not in the audit log: {}", entry, e);
        }
    }

    /// The entries of the caller's organization.
    Page find(Caller caller, AuditSearch search) {
        caller.checkUnrestricted();
        return db.inOrg(caller.org(), tx -> find(tx, caller.org(), search));
    }

    /// What the operator did that concerned no organization, or one that is gone.
    Page findOfServer(AuditSearch search) {
        return db.asEngine(tx -> find(tx, Trail.Entry.SERVER, search));
    }

    private static Page find(Tx tx, int org, AuditSearch search) {
        Args args = Args.of("org", org)
                .and("before", search.before() == null ? NEWEST : search.before())
                .and("span", SPAN)
                .and("actor", search.actor())
                .and("action", search.action())
                .and("target", search.target())
                .and("result", pattern(search.result()))
                .and("since", search.since())
                .and("until", search.until())
                .and("limit", search.limit());
        List<AuditEntry> found = tx.list(PAGE, args, AuditLog::entry);
        Optional<UUID> next = found.size() == search.limit()
                ? Optional.of(found.getLast().id())
                : tx.first(SPAN_END, args, row -> row.uuid("id"));
        return new Page(found, next.orElse(null));
    }

    private static @Nullable String pattern(@Nullable String result) {
        return switch (result) {
            case null -> null;
            case "success" -> "2%";
            case "refused" -> "4%";
            default -> "5%";
        };
    }

    /// The organization an operator's request is about.
    private static @Nullable UUID organization(String path) {
        Matcher found = ORGANIZATION.matcher(path);
        try {
            return found.matches() ? UUID.fromString(found.group(1)) : null;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static AuditEntry entry(Row row) throws SQLException {
        return new AuditEntry(
                row.uuid("id"),
                row.text("actor"),
                row.text("action"),
                row.textOrNull("target"),
                row.textOrNull("origin"),
                Integer.parseInt(row.text("result")),
                row.instant("at"));
    }
}
