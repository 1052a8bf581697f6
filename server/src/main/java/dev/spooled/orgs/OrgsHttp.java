package dev.spooled.orgs;

import dev.spooled.access.AdminKey;
import dev.spooled.access.MintedKey;
import dev.spooled.access.NewKey;
import dev.spooled.json.Json;
import dev.spooled.json.JsonObject;
import dev.spooled.json.JsonWriter;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import dev.spooled.web.Answer;
import dev.spooled.web.Body;
import dev.spooled.web.Door;
import dev.spooled.web.Routes;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/// Organizations over HTTP: registration and what the operator does with the admin key.
public final class OrgsHttp implements Door {
    private final Organizations organizations;
    private final AdminKey admin;
    private final Registration registration;

    public OrgsHttp(Organizations organizations, AdminKey admin, Registration registration) {
        this.organizations = organizations;
        this.admin = admin;
        this.registration = registration;
    }

    @Override
    public void open(Routes routes) {
        routes.post("/api/v1/organizations", this::register)
                .post("/api/v1/admin/organizations", admin.then(this::create))
                .post("/api/v1/admin/organizations/{id}/api-keys", admin.then(this::addKey));
    }

    private void register(ServerRequest request, ServerResponse response) {
        boolean operator = admin.isHeldBy(request);
        if (operator) {
            admin.audit(request, response);
        } else if (registration != Registration.OPEN) {
            throw new Refused(new Refusal.Forbidden("Registration is closed on this server"));
        }
        JsonObject body = Body.json(request, Body.SINGLE_BYTES);
        var made = organizations.create(new NewOrganization(
                body.text("name"), body.text("slug"), body.textOrNull("billing_email"), null, null, null));
        Answer.json(request, response, 201, Json.write(to -> writeCreated(to, made)));
    }

    private void create(ServerRequest request, ServerResponse response) {
        JsonObject body = Body.json(request, Body.SINGLE_BYTES);
        var made = organizations.create(new NewOrganization(
                body.text("name"),
                body.text("slug"),
                body.textOrNull("billing_email"),
                body.textOrNull("plan_tier"),
                body.objectOrNull("settings"),
                body.objectOrNull("custom_limits")));
        Answer.json(request, response, 201, Json.write(to -> {
            writeOrganization(to, made.organization());
            writeCreated(to, made);
        }));
    }

    private void addKey(ServerRequest request, ServerResponse response) {
        String id = request.path().pathParameters().get("id");
        JsonObject body = Body.json(request, Body.SINGLE_BYTES);
        List<String> queues = Objects.requireNonNullElse(body.textsOrNull("queues"), List.of());
        queues.stream().filter(queue -> !queue.equals("*")).forEach(queue -> QueueName.checked("queues", queue));
        var key = new NewKey(
                body.text("name"), queues, List.of(), body.integerOrNull("rate_limit"), body.timeOrNull("expires_at"));
        MintedKey made = organizations.addKey(organizationId(id), key);
        Answer.json(request, response, 201, Json.write(to -> writeKey(to, made).time("expires_at", made.expiresAt())));
    }

    private static UUID organizationId(String text) {
        try {
            return UUID.fromString(text);
        } catch (IllegalArgumentException e) {
            throw Refused.notFound("There is no organization " + text);
        }
    }

    private static void writeCreated(JsonWriter to, Organizations.Created made) {
        to.object("organization", inner -> writeOrganization(inner, made.organization()));
        to.object("api_key", inner -> writeKey(inner, made.key()));
    }

    private static JsonWriter writeKey(JsonWriter to, MintedKey key) {
        return to.id("id", key.id())
                .text("key", key.key())
                .text("name", key.name())
                .time("created_at", key.createdAt());
    }

    private static void writeOrganization(JsonWriter to, Organization org) {
        to.id("id", org.id())
                .text("name", org.name())
                .text("slug", org.slug())
                .text("plan_tier", org.planTier())
                .text("plan", org.planTier())
                .text("billing_email", org.billingEmail())
                .raw("settings", org.settings())
                .raw("custom_limits", org.customLimits())
                .text("stripe_customer_id", null)
                .text("stripe_subscription_id", null)
                .text("stripe_subscription_status", null)
                .time("stripe_current_period_end", null)
                .flagOrNull("stripe_cancel_at_period_end", null)
                .time("created_at", org.createdAt())
                .time("updated_at", org.updatedAt());
    }
}
