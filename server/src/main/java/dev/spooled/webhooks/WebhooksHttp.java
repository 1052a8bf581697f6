package dev.spooled.webhooks;

import dev.spooled.access.Authenticate;
import dev.spooled.access.Caller;
import dev.spooled.json.Json;
import dev.spooled.json.JsonObject;
import dev.spooled.refusal.Bounds;
import dev.spooled.refusal.Refused;
import dev.spooled.web.Answer;
import dev.spooled.web.Body;
import dev.spooled.web.Door;
import dev.spooled.web.Page;
import dev.spooled.web.Routes;
import dev.spooled.webhooks.Webhooks.Rotated;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/// Outgoing webhooks over HTTP.
public final class WebhooksHttp implements Door {
    private static final String WEBHOOKS = "/api/v1/outgoing-webhooks";
    private static final String WEBHOOK = WEBHOOKS + "/{id}";
    private static final int PAGE = 100;
    private static final Duration OVERLAP = Duration.ofDays(1);
    private static final Set<String> STATUSES = Set.of("pending", "success", "failed");

    private final IntFunction<OutgoingWebhooks> ofOrg;
    private final Authenticate authenticate;

    /// `ofOrg` leads to what works the cell of an organization.
    public WebhooksHttp(IntFunction<OutgoingWebhooks> ofOrg, Authenticate authenticate) {
        this.ofOrg = ofOrg;
        this.authenticate = authenticate;
    }

    @Override
    public void open(Routes routes) {
        routes.get(WEBHOOKS, authenticate.then(this::list))
                .post(WEBHOOKS, authenticate.admin(this::create))
                .get(WEBHOOK, authenticate.then(this::get))
                .put(WEBHOOK, authenticate.admin(this::update))
                .delete(WEBHOOK, authenticate.admin(this::delete))
                .post(WEBHOOK + "/test", authenticate.admin(this::test))
                .post(WEBHOOK + "/rotate-secret", authenticate.admin(this::rotate))
                .post(WEBHOOK + "/recover", authenticate.admin(this::recover))
                .get(WEBHOOK + "/deliveries", authenticate.then(this::deliveries))
                .post(WEBHOOK + "/deliveries/{delivery_id}/retry", authenticate.admin(this::retry))
                .post(WEBHOOK + "/retry/{delivery_id}", authenticate.admin(this::retry));
    }

    private void list(ServerRequest request, ServerResponse response, Caller caller) {
        List<Webhook> found = webhooks(caller).list(caller);
        Answer.json(
                request,
                response,
                200,
                Json.writeAll(found, (to, each) -> WebhookWire.writeWebhook(to, caller.organization(), each)));
    }

    private void create(ServerRequest request, ServerResponse response, Caller caller) {
        answer(request, response, caller, 201, webhooks(caller).create(caller, Body.json(request, Body.SINGLE_BYTES)));
    }

    private void get(ServerRequest request, ServerResponse response, Caller caller) {
        answer(request, response, caller, 200, webhooks(caller).get(caller, id(request)));
    }

    private void update(ServerRequest request, ServerResponse response, Caller caller) {
        JsonObject body = Body.json(request, Body.SINGLE_BYTES);
        answer(request, response, caller, 200, webhooks(caller).update(caller, id(request), body));
    }

    private void delete(ServerRequest request, ServerResponse response, Caller caller) {
        webhooks(caller).delete(caller, id(request));
        Answer.nothing(response);
    }

    private void test(ServerRequest request, ServerResponse response, Caller caller) {
        var unused = Body.optionalJson(request);
        Webhook webhook = webhooks(caller).get(caller, id(request));
        Answered answered =
                byHand(caller).test(caller, webhook, webhooks(caller).sealed(caller, webhook.id()));
        Answer.json(
                request,
                response,
                200,
                Json.write(to -> to.flag("success", answered.isSuccess())
                        .numberOrNull("status_code", answered.status())
                        .number("response_time_ms", answered.millis())
                        .text("error", answered.error())));
    }

    private void rotate(ServerRequest request, ServerResponse response, Caller caller) {
        JsonObject body = Body.optionalJson(request);
        String secret = body.textOrNull("secret");
        Bounds.checkLength("secret", secret, 16, 255);
        Integer overlap = body.integerOrNull("overlap_seconds");
        Bounds.check("overlap_seconds", overlap, 0, (int) Webhooks.OVERLAP_MAX.toSeconds());
        Rotated rotated = webhooks(caller)
                .rotate(caller, id(request), secret, overlap == null ? OVERLAP : Duration.ofSeconds(overlap));
        Answer.json(request, response, 200, Json.write(to -> {
            WebhookWire.writeWebhook(to, caller.organization(), rotated.webhook());
            to.text("secret", rotated.secret()).time("previous_secret_until", rotated.previousUntil());
        }));
    }

    private void recover(ServerRequest request, ServerResponse response, Caller caller) {
        Instant since = Body.json(request, Body.SINGLE_BYTES).timeOrNull("since");
        if (since == null) {
            throw Refused.invalid("since", "since says from when on failed deliveries are sent again");
        }
        int recovered = webhooks(caller).recover(caller, id(request), since);
        Answer.json(request, response, 200, Json.write(to -> to.number("recovered", recovered)));
    }

    private void deliveries(ServerRequest request, ServerResponse response, Caller caller) {
        Page page = Page.of(request, PAGE, PAGE);
        List<Delivery> found =
                webhooks(caller).deliveries(caller, id(request), status(request), page.limit(), page.offset());
        Answer.json(request, response, 200, Json.writeAll(found, WebhookWire::writeDelivery));
    }

    private static @Nullable String status(ServerRequest request) {
        String status = request.query().first("status").orElse("");
        if (!status.isEmpty() && !STATUSES.contains(status)) {
            throw Refused.invalid("status", "status must be pending, success or failed, not " + status);
        }
        return status.isEmpty() ? null : status;
    }

    private void retry(ServerRequest request, ServerResponse response, Caller caller) {
        var unused = Body.optionalJson(request);
        UUID id = id(request);
        UUID delivery = uuid(request, "delivery_id", "Delivery not found: ");
        var _ = webhooks(caller).delivery(caller, id, delivery);
        Answered answered = byHand(caller).again(caller, id, delivery);
        Delivery after = webhooks(caller).delivery(caller, id, delivery);
        Answer.json(request, response, 200, Json.write(to -> {
            to.flag("success", answered.isSuccess())
                    .text("message", answered.isSuccess() ? "The delivery was sent again" : "The delivery failed again")
                    .id("delivery_id", delivery);
            WebhookWire.writeDelivery(to, after);
        }));
    }

    private static void answer(
            ServerRequest request, ServerResponse response, Caller caller, int status, Webhook webhook) {
        Answer.json(
                request,
                response,
                status,
                Json.write(to -> WebhookWire.writeWebhook(to, caller.organization(), webhook)));
    }

    private static UUID id(ServerRequest request) {
        return uuid(request, "id", "Webhook not found: ");
    }

    private static UUID uuid(ServerRequest request, String parameter, String unknown) {
        String text = request.path().pathParameters().get(parameter);
        try {
            return UUID.fromString(text);
        } catch (IllegalArgumentException e) {
            throw Refused.notFound(unknown + text);
        }
    }

    private Webhooks webhooks(Caller caller) {
        return ofOrg.apply(caller.org()).webhooks();
    }

    private ByHand byHand(Caller caller) {
        return ofOrg.apply(caller.org()).byHand();
    }
}
