package dev.spooled.orgs;

import dev.spooled.access.Attempts;
import dev.spooled.json.Json;
import dev.spooled.refusal.Refused;
import dev.spooled.time.Clock;
import dev.spooled.web.Answer;
import dev.spooled.web.Body;
import dev.spooled.web.Door;
import dev.spooled.web.Peer;
import dev.spooled.web.Query;
import dev.spooled.web.Routes;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Free slugs over HTTP, before there is anybody to authenticate; so many a minute from one address.
public final class SlugsHttp implements Door {
    private static final String ORGS = "/api/v1/organizations";
    private static final int A_MINUTE = 120;
    private static final int MAX_NAME = 1_000;

    private final Organizations organizations;
    private final Attempts asked;

    public SlugsHttp(Organizations organizations, Clock clock) {
        this.organizations = organizations;
        this.asked = new Attempts(clock, A_MINUTE, Duration.ofMinutes(1));
    }

    @Override
    public void open(Routes routes) {
        routes.get(ORGS + "/check-slug", this::checkByQuery)
                .get(ORGS + "/check-slug/{slug}", this::checkByPath)
                .post(ORGS + "/generate-slug", this::generate);
    }

    private void checkByQuery(ServerRequest request, ServerResponse response) {
        check(request, response, Objects.requireNonNullElse(Query.text(request, "slug"), ""));
    }

    private void checkByPath(ServerRequest request, ServerResponse response) {
        check(request, response, request.path().pathParameters().get("slug"));
    }

    private void check(ServerRequest request, ServerResponse response, String slug) {
        count(request);
        String wrong = Slug.wrong(slug);
        var candidates = new ArrayList<>(Slug.candidates(slug.substring(0, Math.min(slug.length(), MAX_NAME))));
        if (wrong == null) {
            candidates.add(slug);
        }
        Set<String> taken = organizations.taken(candidates);
        boolean available = wrong == null && !taken.contains(slug);
        List<String> free = candidates.stream()
                .filter(it -> !taken.contains(it) && !it.equals(slug))
                .limit(3)
                .toList();
        String error = available ? null : error(wrong);
        String message = available ? null : Objects.requireNonNullElse(wrong, "The slug " + slug + " is already taken");
        Answer.json(
                request,
                response,
                200,
                Json.write(to -> to.flag("available", available)
                        .flag("valid", wrong == null)
                        .text("slug", slug)
                        .text("error", error)
                        .text("message", message)
                        .text("suggestion", available || free.isEmpty() ? null : free.getFirst())
                        .texts("suggestions", available ? List.of() : free)));
    }

    private static String error(@Nullable String wrong) {
        return wrong == null ? "taken" : "invalid";
    }

    private void generate(ServerRequest request, ServerResponse response) {
        count(request);
        String name = Body.json(request, Body.SINGLE_BYTES).text("name");
        if (name.isBlank() || name.length() > MAX_NAME) {
            throw Refused.invalid("name", "name must have 1 to " + MAX_NAME + " characters");
        }
        List<String> candidates = Slug.candidates(name);
        Set<String> taken = organizations.taken(candidates);
        String free = candidates.stream()
                .filter(it -> !taken.contains(it))
                .findFirst()
                .orElseThrow(() -> Refused.conflict("No free slug was found, try again"));
        Answer.json(request, response, 200, Json.write(to -> to.text("slug", free)));
    }

    private void count(ServerRequest request) {
        asked.count(Peer.networkOf(request), "Too many slugs were asked for from this address");
    }
}
