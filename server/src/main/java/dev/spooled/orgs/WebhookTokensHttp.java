package dev.spooled.orgs;

import dev.spooled.access.Authenticate;
import dev.spooled.access.Caller;
import dev.spooled.json.Json;
import dev.spooled.json.JsonObject;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import dev.spooled.web.Answer;
import dev.spooled.web.Body;
import dev.spooled.web.Door;
import dev.spooled.web.Routes;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// The webhook token over HTTP, under two families of paths that different clients know.
public final class WebhookTokensHttp implements Door {
    private static final String OWN = "/api/v1/organizations/webhook-token";
    private static final String BY_ID = "/api/v1/organizations/{id}/webhook-token";

    private static final int MAX_OVERLAP_SECONDS = 7 * 86_400;

    private final WebhookTokens tokens;
    private final Authenticate authenticate;
    private final @Nullable String publicUrl;

    /// `publicUrl` is where others reach this server; without it the address of the request is shown.
    public WebhookTokensHttp(WebhookTokens tokens, Authenticate authenticate, @Nullable String publicUrl) {
        this.tokens = tokens;
        this.authenticate = authenticate;
        this.publicUrl = publicUrl;
    }

    @Override
    public void open(Routes routes) {
        routes.get(OWN, authenticate.admin(this::get))
                .post(OWN + "/regenerate", authenticate.admin(this::rotate))
                .post(OWN + "/clear", authenticate.admin(this::clear))
                .get(BY_ID, authenticate.admin(this::get))
                .post(BY_ID + "/regenerate", authenticate.admin(this::rotate))
                .delete(BY_ID, authenticate.admin(this::clear));
    }

    private void get(ServerRequest request, ServerResponse response, Caller caller) {
        checkId(request, caller);
        caller.checkUnrestricted();
        answer(request, response, caller, tokens.get(caller).orElse(null));
    }

    private void rotate(ServerRequest request, ServerResponse response, Caller caller) {
        checkId(request, caller);
        Integer overlap = Body.optionalJson(request).integerOrNull("overlap_seconds");
        if (overlap != null && (overlap < 0 || overlap > MAX_OVERLAP_SECONDS)) {
            throw Refused.invalid("overlap_seconds", "overlap_seconds must lie between 0 and " + MAX_OVERLAP_SECONDS);
        }
        answer(request, response, caller, tokens.rotate(caller, Duration.ofSeconds(overlap == null ? 0 : overlap)));
    }

    private void clear(ServerRequest request, ServerResponse response, Caller caller) {
        checkId(request, caller);
        JsonObject body = Body.optionalJson(request);
        if (Boolean.FALSE.equals(body.flagOrNull("confirm"))) {
            throw new Refused(new Refusal.BadRequest("Clearing the webhook token was not confirmed"));
        }
        tokens.clear(caller);
        answer(request, response, caller, null);
    }

    private static void checkId(ServerRequest request, Caller caller) {
        request.path()
                .pathParameters()
                .first("id")
                .ifPresent(id -> Organizations.checkOwn(caller, OrganizationWire.id(id)));
    }

    private void answer(ServerRequest request, ServerResponse response, Caller caller, @Nullable String token) {
        String url = base(request) + "/api/v1/webhooks/" + caller.organization() + "/custom";
        Answer.json(
                request,
                response,
                200,
                Json.write(to ->
                        to.text("webhook_token", token).text("token", token).text("webhook_url", url)));
    }

    private String base(ServerRequest request) {
        return publicUrl == null
                ? "http://" + request.headers().first(HeaderNames.HOST).orElse("localhost")
                : publicUrl.replaceAll("/+$", "");
    }
}
