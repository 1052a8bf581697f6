package dev.spooled.orgs;

import dev.spooled.access.AdminKey;
import dev.spooled.access.Attempts;
import dev.spooled.access.Authenticate;
import dev.spooled.access.Caller;
import dev.spooled.json.Json;
import dev.spooled.json.JsonObject;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import dev.spooled.time.Clock;
import dev.spooled.web.Answer;
import dev.spooled.web.Body;
import dev.spooled.web.Door;
import dev.spooled.web.Peer;
import dev.spooled.web.Routes;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

/// Organizations over HTTP: registration, and what an organization does with itself.
public final class OrgsHttp implements Door {
    private static final String ORGS = "/api/v1/organizations";
    private static final String ORG = ORGS + "/{id}";
    private static final int REGISTRATIONS_AN_HOUR = 20;

    private final Organizations organizations;
    private final Usage usage;
    private final Plans plans;
    private final Admission admission;
    private final Attempts registrations;

    /// Who may come in, and how.
    public record Admission(AdminKey admin, Registration registration, Authenticate authenticate) {}

    public OrgsHttp(Organizations organizations, Usage usage, Plans plans, Admission admission, Clock clock) {
        this.organizations = organizations;
        this.usage = usage;
        this.plans = plans;
        this.admission = admission;
        this.registrations = new Attempts(clock, REGISTRATIONS_AN_HOUR, Duration.ofHours(1));
    }

    @Override
    public void open(Routes routes) {
        Authenticate authenticate = admission.authenticate();
        routes.post(ORGS, this::register)
                .get(ORGS, authenticate.then(this::list))
                .get(ORGS + "/usage", authenticate.then(this::usage))
                .get(ORG, authenticate.then(this::get))
                .put(ORG, authenticate.admin(this::update))
                .delete(ORG, authenticate.admin(this::delete))
                .get(ORG + "/usage", authenticate.then(this::usageById));
    }

    private void register(ServerRequest request, ServerResponse response) {
        boolean operator = admission.admin().isHeldBy(request);
        if (operator) {
            admission.admin().audit(request, response);
        } else if (admission.registration() != Registration.OPEN) {
            throw new Refused(new Refusal.Forbidden("Registration is closed on this server"));
        } else {
            registrations.count(
                    Peer.networkOf(request), "Too many organizations were made from this address, try again later");
        }
        JsonObject body = Body.json(request, Body.SINGLE_BYTES);
        var made = organizations.create(new NewOrganization(
                body.text("name"), body.text("slug"), body.textOrNull("billing_email"), null, null, null));
        Answer.json(request, response, 201, Json.write(to -> OrganizationWire.writeCreated(to, made)));
    }

    private void list(ServerRequest request, ServerResponse response, Caller caller) {
        List<Organization> own = List.of(organizations.own(caller));
        Answer.json(request, response, 200, Json.writeAll(own, OrganizationWire::writeSummary));
    }

    private void get(ServerRequest request, ServerResponse response, Caller caller) {
        answer(request, response, organizations.own(caller, id(request)));
    }

    private void update(ServerRequest request, ServerResponse response, Caller caller) {
        UUID id = id(request);
        JsonObject body = Body.optionalJson(request);
        answer(request, response, organizations.update(caller, id, OrganizationChange.byItself(body)));
    }

    private void delete(ServerRequest request, ServerResponse response, Caller caller) {
        organizations.delete(caller, id(request));
        Answer.nothing(response);
    }

    private void usage(ServerRequest request, ServerResponse response, Caller caller) {
        Organization own = organizations.own(caller);
        PlanLimits limits = plans.of(own.planTier(), own.customLimits());
        Usage.Figures figures = usage.of(caller.org());
        Answer.json(request, response, 200, Json.write(to -> UsageWire.write(to, limits, figures)));
    }

    private void usageById(ServerRequest request, ServerResponse response, Caller caller) {
        Organizations.checkOwn(caller, id(request));
        usage(request, response, caller);
    }

    private static void answer(ServerRequest request, ServerResponse response, Organization organization) {
        Answer.json(request, response, 200, Json.write(to -> OrganizationWire.write(to, organization)));
    }

    static UUID id(ServerRequest request) {
        return OrganizationWire.id(request.path().pathParameters().get("id"));
    }
}
