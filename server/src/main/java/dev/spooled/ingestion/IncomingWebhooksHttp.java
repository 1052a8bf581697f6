package dev.spooled.ingestion;

import dev.spooled.access.Authenticate;
import dev.spooled.access.Caller;
import dev.spooled.json.Json;
import dev.spooled.json.JsonObject;
import dev.spooled.refusal.Refused;
import dev.spooled.web.Answer;
import dev.spooled.web.Body;
import dev.spooled.web.Cursor;
import dev.spooled.web.Door;
import dev.spooled.web.Page;
import dev.spooled.web.Query;
import dev.spooled.web.Routes;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// What an organization sees and sets of the webhooks that come in: what was sent, and its secrets at providers.
public final class IncomingWebhooksHttp implements Door {
    private static final String LOG = "/api/v1/incoming-webhooks";
    private static final String SECRETS = LOG + "/secrets";
    private static final int PAGE = 50;
    private static final int MAX_PAGE = 100;
    private static final int SHORTEST_SECRET = 8;
    private static final int LONGEST_SECRET = 255;
    private static final int MAX_OVERLAP_SECONDS = 7 * 86_400;

    private final IncomingLog log;
    private final ProviderSecrets secrets;
    private final Authenticate authenticate;

    public IncomingWebhooksHttp(IncomingLog log, ProviderSecrets secrets, Authenticate authenticate) {
        this.log = log;
        this.secrets = secrets;
        this.authenticate = authenticate;
    }

    @Override
    public void open(Routes routes) {
        routes.get(LOG, authenticate.then(this::list))
                .get(SECRETS, authenticate.admin(this::secrets))
                .put(SECRETS + "/{provider}", authenticate.admin(this::keep))
                .delete(SECRETS + "/{provider}", authenticate.admin(this::forget));
    }

    private void list(ServerRequest request, ServerResponse response, Caller caller) {
        IncomingLog.Page page = log.find(
                caller,
                new IncomingLog.Search(
                        Query.wordOrNull(request, "provider"),
                        accepted(Query.wordOrNull(request, "accepted")),
                        Cursor.of(request),
                        Page.of(request, PAGE, MAX_PAGE).limit()));
        Cursor.tell(response, page.next());
        Answer.json(
                request,
                response,
                200,
                Json.writeAll(
                        page.deliveries(),
                        (to, each) -> to.id("id", each.id())
                                .text("provider", each.provider())
                                .text("event_id", each.eventId())
                                .text("event_type", each.eventType())
                                .text("queue_name", each.queue())
                                .flag("accepted", each.reason() == null)
                                .text("reason", each.reason())
                                .id("job_id", each.job())
                                .text("origin", each.origin())
                                .time("at", each.at())));
    }

    private static @Nullable Boolean accepted(@Nullable String word) {
        return switch (word) {
            case null -> null;
            case "true" -> true;
            case "false" -> false;
            default -> throw Refused.invalid("accepted", "accepted must be true or false, not " + word);
        };
    }

    private void secrets(ServerRequest request, ServerResponse response, Caller caller) {
        caller.checkUnrestricted();
        Answer.json(
                request,
                response,
                200,
                Json.writeAll(
                        secrets.list(caller),
                        (to, each) -> to.text("provider", each.provider())
                                .time("updated_at", each.updatedAt())
                                .time("former_ends_at", each.formerEndsAt())));
    }

    private void keep(ServerRequest request, ServerResponse response, Caller caller) {
        Adapter adapter = adapter(request);
        JsonObject body = Body.json(request, Body.SINGLE_BYTES);
        String secret = body.text("secret");
        if (secret.length() < SHORTEST_SECRET || secret.length() > LONGEST_SECRET) {
            throw Refused.invalid(
                    "secret", "secret must have " + SHORTEST_SECRET + " to " + LONGEST_SECRET + " characters");
        }
        Integer overlap = body.integerOrNull("overlap_seconds");
        if (overlap != null && (overlap < 0 || overlap > MAX_OVERLAP_SECONDS)) {
            throw Refused.invalid("overlap_seconds", "overlap_seconds must lie between 0 and " + MAX_OVERLAP_SECONDS);
        }
        secrets.keep(caller, adapter, secret, Duration.ofSeconds(overlap == null ? 0 : overlap));
        Answer.nothing(response);
    }

    private void forget(ServerRequest request, ServerResponse response, Caller caller) {
        secrets.forget(caller, adapter(request));
        Answer.nothing(response);
    }

    private static Adapter adapter(ServerRequest request) {
        return Adapters.named(request.path().pathParameters().get("provider"));
    }
}
