package dev.spooled.ingestion;

import dev.spooled.access.Authenticate;
import dev.spooled.engine.JobStatus;
import dev.spooled.ingestion.Ingestion.Custom;
import dev.spooled.ingestion.Ingestion.Sender;
import dev.spooled.ingestion.Ingestion.Taken;
import dev.spooled.jobs.Jobs;
import dev.spooled.json.Json;
import dev.spooled.json.JsonObject;
import dev.spooled.orgs.QueueName;
import dev.spooled.refusal.Refused;
import dev.spooled.web.Answer;
import dev.spooled.web.Body;
import dev.spooled.web.Door;
import dev.spooled.web.Peer;
import dev.spooled.web.Routes;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Where others send what becomes a job: `/webhooks/{org}/custom` and one path for each provider whose signature is
/// known.
public final class IngestionHttp implements Door {
    private static final HeaderName TOKEN = HeaderNames.create("X-Webhook-Token");
    private static final String PATH = "/api/v1/webhooks/{org}/";
    private static final Set<String> RESERVED = Set.of("admin", "system", "internal", "root", "default");
    private static final Pattern EVENT_TYPE = Pattern.compile("[A-Za-z0-9_.\\-]{0,100}");

    private final Ingestion ingestion;
    private final Jobs jobs;
    private final Authenticate authenticate;

    public IngestionHttp(Ingestion ingestion, Jobs jobs, Authenticate authenticate) {
        this.ingestion = ingestion;
        this.jobs = jobs;
        this.authenticate = authenticate;
    }

    @Override
    public void open(Routes routes) {
        routes.post(PATH + Ingestion.CUSTOM, this::custom);
        for (Adapter adapter : Adapters.ALL) {
            routes.post(PATH + adapter.word(), (request, response) -> signed(request, response, adapter));
        }
    }

    private void custom(ServerRequest request, ServerResponse response) {
        Sender from = sender(request);
        Recipient to = ingestion.admitCustom(from);
        authenticate.pass(response, to.caller());
        Taken taken = ingestion.take(to, Ingestion.CUSTOM, from, () -> custom(Body.json(request, Body.SINGLE_BYTES)));
        answer(request, response, to, taken);
    }

    private static Custom custom(JsonObject body) {
        String queue = QueueName.checked("queue_name", body.text("queue_name"));
        if (RESERVED.contains(queue) || queue.contains("..")) {
            throw Refused.invalid("queue_name", "queue_name " + queue + " is not open to webhooks");
        }
        String type = body.textOrNull("event_type");
        if (type != null && !EVENT_TYPE.matcher(type).matches()) {
            throw Refused.invalid("event_type", "event_type must be up to 100 letters, digits or - _ .");
        }
        var event = new Event(type == null ? "" : type, queue, body.raw("payload"), body.textOrNull("idempotency_key"));
        return new Custom(event, body.integerOrNull("priority"));
    }

    private void signed(ServerRequest request, ServerResponse response, Adapter adapter) {
        Sender from = sender(request);
        var delivery = new Delivery(
                name -> request.headers().first(HeaderNames.create(name)), Body.raw(request, Body.SINGLE_BYTES));
        Recipient to = ingestion.admitSigned(from, adapter, delivery);
        authenticate.pass(response, to.caller());
        Taken taken = ingestion.take(to, adapter.word(), from, () -> new Custom(adapter.read(delivery), null));
        answer(request, response, to, taken);
    }

    private static Sender sender(ServerRequest request) {
        Peer.checkTls(request);
        String token = request.headers().first(TOKEN).map(String::strip).orElse("");
        return new Sender(
                id(request.path().pathParameters().get("org")),
                token.isEmpty() ? null : token,
                Peer.addressOf(request),
                Peer.networkOf(request));
    }

    private static @Nullable UUID id(String text) {
        try {
            return UUID.fromString(text);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private void answer(ServerRequest request, ServerResponse response, Recipient to, Taken taken) {
        JobStatus status = taken.job().created()
                ? JobStatus.PENDING
                : jobs.get(to.caller(), taken.job().id()).status();
        Answer.json(
                request,
                response,
                200,
                Json.write(it -> it.id("job_id", taken.job().id())
                        .flag("created", taken.job().created())
                        .text("queue_name", taken.queue())
                        .text("status", status.wire())));
    }
}
