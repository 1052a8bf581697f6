package dev.spooled.audit;

import dev.spooled.access.AdminKey;
import dev.spooled.access.Authenticate;
import dev.spooled.access.Caller;
import dev.spooled.json.Json;
import dev.spooled.refusal.Refused;
import dev.spooled.web.Answer;
import dev.spooled.web.Cursor;
import dev.spooled.web.Door;
import dev.spooled.web.Page;
import dev.spooled.web.Query;
import dev.spooled.web.Routes;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The audit log over HTTP: an organization's own, and the server's for the operator.
public final class AuditHttp implements Door {
    private static final Set<String> RESULTS = Set.of("success", "refused", "failed");
    private static final int PAGE = 50;
    private static final int MAX_PAGE = 100;

    private final AuditLog log;
    private final Authenticate authenticate;
    private final AdminKey admin;

    public AuditHttp(AuditLog log, Authenticate authenticate, AdminKey admin) {
        this.log = log;
        this.authenticate = authenticate;
        this.admin = admin;
    }

    @Override
    public void open(Routes routes) {
        routes.get("/api/v1/audit", authenticate.admin(this::list))
                .get("/api/v1/admin/audit", admin.then(this::listOfServer));
    }

    private void list(ServerRequest request, ServerResponse response, Caller caller) {
        answer(request, response, log.find(caller, search(request)));
    }

    private void listOfServer(ServerRequest request, ServerResponse response) {
        answer(request, response, log.findOfServer(search(request)));
    }

    private static void answer(ServerRequest request, ServerResponse response, AuditLog.Page page) {
        Cursor.tell(response, page.next());
        Answer.json(
                request,
                response,
                200,
                Json.writeAll(
                        page.entries(),
                        (to, entry) -> to.id("id", entry.id())
                                .text("actor", entry.actor())
                                .text("action", entry.action())
                                .text("target", entry.target())
                                .text("origin", entry.origin())
                                .text("result", entry.result())
                                .number("status", entry.status())
                                .time("at", entry.at())));
    }

    private static AuditSearch search(ServerRequest request) {
        String result = Query.wordOrNull(request, "result");
        if (result != null && !RESULTS.contains(result)) {
            throw Refused.invalid("result", "result must be success, refused or failed");
        }
        return new AuditSearch(
                Query.wordOrNull(request, "actor"),
                Query.wordOrNull(request, "action"),
                Query.wordOrNull(request, "target"),
                result,
                time(request, "since"),
                time(request, "until"),
                Cursor.of(request),
                Page.of(request, PAGE, MAX_PAGE).limit());
    }

    private static @Nullable Instant time(ServerRequest request, String name) {
        String text = Query.wordOrNull(request, name);
        try {
            return text == null
                    ? null
                    : OffsetDateTime.parse(text, DateTimeFormatter.ISO_OFFSET_DATE_TIME)
                            .toInstant();
        } catch (DateTimeParseException e) {
            throw Refused.invalid(name, name + " must be an RFC 3339 time such as 2026-01-05T10:00:00Z");
        }
    }
}
