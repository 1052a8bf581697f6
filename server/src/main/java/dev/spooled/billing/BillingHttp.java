package dev.spooled.billing;

import dev.spooled.access.Authenticate;
import dev.spooled.access.Caller;
import dev.spooled.json.Json;
import dev.spooled.orgs.Organization;
import dev.spooled.orgs.Organizations;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import dev.spooled.web.Answer;
import dev.spooled.web.Body;
import dev.spooled.web.Door;
import dev.spooled.web.Routes;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;

/// Billing over HTTP. No payment provider is connected: the status says so, the portal is not implemented. What the
/// operator has noted about a subscription is shown.
public final class BillingHttp implements Door {
    private final Organizations organizations;
    private final Authenticate authenticate;

    public BillingHttp(Organizations organizations, Authenticate authenticate) {
        this.organizations = organizations;
        this.authenticate = authenticate;
    }

    @Override
    public void open(Routes routes) {
        routes.get("/api/v1/billing/status", authenticate.then(this::status))
                .post("/api/v1/billing/portal", authenticate.admin(this::portal));
    }

    private void status(ServerRequest request, ServerResponse response, Caller caller) {
        Organization own = organizations.own(caller);
        Organization.Stripe paid = own.stripe();
        Answer.json(
                request,
                response,
                200,
                Json.write(to -> to.text("plan_tier", own.planTier())
                        .text("stripe_subscription_id", paid.subscription())
                        .text("stripe_subscription_status", paid.status())
                        .time("stripe_current_period_end", paid.periodEnd())
                        .flagOrNull("stripe_cancel_at_period_end", paid.cancelAtPeriodEnd())
                        .flag("has_stripe_customer", paid.customer() != null)
                        .flag("billing_configured", false)));
    }

    private void portal(ServerRequest request, ServerResponse response, Caller caller) {
        caller.checkUnrestricted();
        var unused = Body.json(request, Body.SINGLE_BYTES).text("return_url");
        throw new Refused(new Refusal.NotImplemented("Billing is not configured on this server"));
    }
}
