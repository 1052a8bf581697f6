package dev.spooled.access;

import dev.spooled.json.Json;
import dev.spooled.json.JsonObject;
import dev.spooled.json.JsonWriter;
import dev.spooled.refusal.Refused;
import dev.spooled.web.Answer;
import dev.spooled.web.Body;
import dev.spooled.web.Door;
import dev.spooled.web.Page;
import dev.spooled.web.Routes;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/// API keys over HTTP, for the organization that has them. The key in the clear is in the answer to its creation only.
public final class ApiKeysHttp implements Door {
    private static final String KEYS = "/api/v1/api-keys";
    private static final String KEY = KEYS + "/{id}";
    private static final int PAGE = 100;

    private final OwnKeys keys;
    private final Authenticate authenticate;

    public ApiKeysHttp(OwnKeys keys, Authenticate authenticate) {
        this.keys = keys;
        this.authenticate = authenticate;
    }

    @Override
    public void open(Routes routes) {
        routes.get(KEYS, authenticate.then(this::list))
                .post(KEYS, authenticate.admin(this::create))
                .get(KEY, authenticate.then(this::get))
                .put(KEY, authenticate.admin(this::update))
                .delete(KEY, authenticate.admin(this::revoke));
    }

    private void list(ServerRequest request, ServerResponse response, Caller caller) {
        Page page = Page.of(request, PAGE, PAGE);
        List<KeyView> found = keys.list(caller, page.limit(), page.offset());
        Answer.json(request, response, 200, Json.writeAll(found, (to, key) -> write(to, caller, key)));
    }

    private void create(ServerRequest request, ServerResponse response, Caller caller) {
        JsonObject body = Body.json(request, Body.SINGLE_BYTES);
        var asked = new NewKey(
                body.text("name"),
                Objects.requireNonNullElse(body.textsOrNull("queues"), List.of()),
                Objects.requireNonNullElse(body.textsOrNull("scopes"), List.of()),
                body.integerOrNull("rate_limit"),
                body.timeOrNull("expires_at"));
        OwnKeys.Created made = keys.create(caller, asked);
        Answer.json(request, response, 201, Json.write(to -> {
            to.text("key", made.key().key());
            write(to, caller, made.view());
        }));
    }

    private void get(ServerRequest request, ServerResponse response, Caller caller) {
        answer(request, response, caller, keys.get(caller, keyId(request)));
    }

    private void update(ServerRequest request, ServerResponse response, Caller caller) {
        UUID id = keyId(request);
        JsonObject body = Body.optionalJson(request);
        var change = new KeyChange(
                body.textOrNull("name"),
                body.textsOrNull("queues"),
                body.textsOrNull("scopes"),
                body.has("rate_limit") || body.isNull("rate_limit"),
                body.integerOrNull("rate_limit"),
                body.flagOrNull("is_active"));
        answer(request, response, caller, keys.update(caller, id, change));
    }

    private void revoke(ServerRequest request, ServerResponse response, Caller caller) {
        keys.revoke(caller, keyId(request));
        Answer.nothing(response);
    }

    private static void answer(ServerRequest request, ServerResponse response, Caller caller, KeyView key) {
        Answer.json(request, response, 200, Json.write(to -> write(to, caller, key)));
    }

    /// Some members twice, under the names that different clients read.
    private static void write(JsonWriter to, Caller caller, KeyView key) {
        to.id("id", key.id())
                .id("organization_id", caller.organization())
                .text("name", key.name())
                .text("key_prefix", key.prefix())
                .text("prefix", key.prefix())
                .texts("queues", key.queues())
                .texts("scopes", key.scopes())
                .numberOrNull("rate_limit", key.rateLimit())
                .flag("is_active", key.active())
                .flag("active", key.active())
                .time("created_at", key.createdAt())
                .time("last_used", key.lastUsed())
                .time("last_used_at", key.lastUsed())
                .time("expires_at", key.expiresAt());
    }

    /// What is no id is nobody's id: 404, never 400.
    private static UUID keyId(ServerRequest request) {
        String text = request.path().pathParameters().get("id");
        try {
            return UUID.fromString(text);
        } catch (IllegalArgumentException e) {
            throw Refused.notFound("API key not found: " + text);
        }
    }
}
