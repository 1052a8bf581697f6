package dev.spooled.admin;

import dev.spooled.access.AdminKey;
import dev.spooled.access.MintedKey;
import dev.spooled.access.NewKey;
import dev.spooled.json.Json;
import dev.spooled.json.JsonObject;
import dev.spooled.json.JsonWriter;
import dev.spooled.orgs.NewOrganization;
import dev.spooled.orgs.Organization;
import dev.spooled.orgs.OrganizationChange;
import dev.spooled.orgs.OrganizationWire;
import dev.spooled.orgs.Organizations;
import dev.spooled.orgs.PlanLimits;
import dev.spooled.orgs.Plans;
import dev.spooled.orgs.QueueName;
import dev.spooled.orgs.Resource;
import dev.spooled.orgs.Usage;
import dev.spooled.orgs.UsageWire;
import dev.spooled.refusal.Refused;
import dev.spooled.web.Answer;
import dev.spooled.web.Body;
import dev.spooled.web.Door;
import dev.spooled.web.Page;
import dev.spooled.web.Query;
import dev.spooled.web.Routes;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;

/// What the operator does with organizations over HTTP.
public final class AdminHttp implements Door {
    private static final String ORGS = "/api/v1/admin/organizations";
    private static final String ORG = ORGS + "/{id}";
    private static final int PAGE = 50;
    private static final int MAX_PAGE = 100;
    private static final int MAX_SEARCH = 100;
    private static final Set<String> SORTS = Set.of("name", "slug", "plan_tier", "updated_at", "created_at");
    private static final List<Resource> SHOWN =
            List.of(Resource.JOBS_PER_DAY, Resource.ACTIVE_JOBS, Resource.QUEUES, Resource.WORKERS, Resource.API_KEYS);

    private final Organizations organizations;
    private final OrganizationList list;
    private final Usage usage;
    private final Plans plans;
    private final AdminKey admin;

    public AdminHttp(Organizations organizations, OrganizationList list, Usage usage, Plans plans, AdminKey admin) {
        this.organizations = organizations;
        this.list = list;
        this.usage = usage;
        this.plans = plans;
        this.admin = admin;
    }

    @Override
    public void open(Routes routes) {
        routes.get(ORGS, admin.then(this::list))
                .post(ORGS, admin.then(this::create))
                .get(ORG, admin.then(this::get))
                .patch(ORG, admin.then(this::update))
                .put(ORG, admin.then(this::update))
                .delete(ORG, admin.then(this::delete))
                .post(ORG + "/api-keys", admin.then(this::addKey))
                .post(ORG + "/reset-usage", admin.then(this::resetUsage));
    }

    private void list(ServerRequest request, ServerResponse response) {
        OrganizationList.Search search = search(request);
        OrganizationList.Found found = list.find(search);
        Answer.json(
                request,
                response,
                200,
                Json.write(to -> to.array(
                                "organizations",
                                found.page(),
                                (one, organization) -> writeRow(one, organization, found.usageOf(organization)))
                        .number("total", found.total())
                        .number("limit", search.limit())
                        .number("offset", search.offset())));
    }

    private static OrganizationList.Search search(ServerRequest request) {
        Page page = Page.of(request, PAGE, MAX_PAGE);
        String text = Query.wordOrNull(request, "search");
        if (text != null && text.length() > MAX_SEARCH) {
            throw Refused.invalid("search", "search may have at most " + MAX_SEARCH + " characters");
        }
        String sort = Objects.requireNonNullElse(Query.wordOrNull(request, "sort_by"), "created_at");
        return new OrganizationList.Search(
                Query.wordOrNull(request, "plan_tier"),
                text,
                SORTS.contains(sort) ? sort : "created_at",
                "asc".equalsIgnoreCase(Query.wordOrNull(request, "sort_order")),
                page.limit(),
                page.offset());
    }

    private void create(ServerRequest request, ServerResponse response) {
        JsonObject body = Body.json(request, Body.SINGLE_BYTES);
        Integer cell = body.integerOrNull("cell");
        var asked = new NewOrganization(
                body.text("name"),
                body.text("slug"),
                body.textOrNull("billing_email"),
                body.textOrNull("plan_tier"),
                body.objectOrNull("settings"),
                body.objectOrNull("custom_limits"));
        var made = organizations.create(asked, cell == null ? 0 : cell);
        Answer.json(request, response, 201, Json.write(to -> {
            OrganizationWire.write(to, made.organization());
            OrganizationWire.writeCreated(to, made);
        }));
    }

    private void get(ServerRequest request, ServerResponse response) {
        answer(request, response, organizations.any(id(request)));
    }

    private void update(ServerRequest request, ServerResponse response) {
        UUID id = id(request);
        JsonObject body = Body.optionalJson(request);
        answer(request, response, organizations.update(id, OrganizationChange.byOperator(body)));
    }

    private void delete(ServerRequest request, ServerResponse response) {
        organizations.delete(id(request), isOn(request, "hard_delete") || isOn(request, "hard"));
        Answer.nothing(response);
    }

    private void addKey(ServerRequest request, ServerResponse response) {
        UUID id = id(request);
        JsonObject body = Body.json(request, Body.SINGLE_BYTES);
        List<String> queues = Objects.requireNonNullElse(body.textsOrNull("queues"), List.of());
        queues.stream().filter(queue -> !queue.equals("*")).forEach(queue -> QueueName.checked("queues", queue));
        List<String> scopes = Objects.requireNonNullElse(body.textsOrNull("scopes"), List.of());
        var key = new NewKey(
                body.text("name"), queues, scopes, body.integerOrNull("rate_limit"), body.timeOrNull("expires_at"));
        MintedKey made = organizations.addKey(id, key);
        Answer.json(
                request,
                response,
                201,
                Json.write(to -> OrganizationWire.writeKey(to, made).time("expires_at", made.expiresAt())));
    }

    private void resetUsage(ServerRequest request, ServerResponse response) {
        usage.reset(organizations.any(id(request)).number());
        Answer.nothing(response);
    }

    private void answer(ServerRequest request, ServerResponse response, Organization organization) {
        Usage.Figures figures = usage.of(organization.number());
        PlanLimits limits = plans.of(organization.planTier(), organization.customLimits());
        Answer.json(request, response, 200, Json.write(to -> {
            OrganizationWire.write(to, organization);
            to.number("cell", organization.cell());
            writeUsage(to, figures);
            to.object("usage_info", inner -> UsageWire.write(inner, limits, figures))
                    .number("api_keys_count", figures.of(Resource.API_KEYS))
                    .number("total_jobs", figures.totalJobs())
                    .flag("is_active", organization.isActive())
                    .time("deleted_at", organization.deletedAt());
        }));
    }

    private static void writeRow(JsonWriter to, Organization organization, Usage.Figures figures) {
        OrganizationWire.writeSummary(to, organization);
        to.text("billing_email", organization.billingEmail())
                .raw("settings", organization.settings())
                .time("updated_at", organization.updatedAt())
                .number("cell", organization.cell())
                .flag("is_active", organization.isActive());
        writeUsage(to, figures);
    }

    private static void writeUsage(JsonWriter to, Usage.Figures figures) {
        to.object("usage", inner -> SHOWN.forEach(resource -> inner.number(resource.usage(), figures.of(resource))));
    }

    private static boolean isOn(ServerRequest request, String name) {
        String value = Query.wordOrNull(request, name);
        return "true".equalsIgnoreCase(value) || "1".equals(value);
    }

    private static UUID id(ServerRequest request) {
        return OrganizationWire.id(request.path().pathParameters().get("id"));
    }
}
