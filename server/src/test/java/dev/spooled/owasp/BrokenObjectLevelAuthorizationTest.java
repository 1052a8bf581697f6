package dev.spooled.owasp;

import static dev.spooled.owasp.Wire.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.TestServer;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// API1: things of others by their ids. Ids in paths are walked by `RouteWalkTest`; here are ids in bodies, queries and
/// headers.
final class BrokenObjectLevelAuthorizationTest {
    private static final TestServer SERVER = new TestServer();

    /// Members of bodies that name a thing; what each is tried with stands below.
    private static final Set<String> IDS = Set.of(
            "parent_job_id",
            "depends_on",
            "depends_on_job_ids",
            "dependency_job_ids",
            "job_ids",
            "lease_id",
            "worker_id",
            "request_id",
            "stripe_customer_id",
            "stripe_subscription_id");

    private static String victim = "";
    private static String stranger = "";
    private static String job = "";
    private static String lease = "";

    @BeforeAll
    static void furnish() {
        victim = SERVER.otherOrganization();
        stranger = SERVER.otherOrganization();
        job = text(
                SERVER.post(
                        victim, "/jobs", "{\"queue_name\":\"q\",\"payload\":{\"x\":\"private\"},\"max_retries\":0}"),
                "id");
        lease = text(SERVER.post(victim, "/jobs/claim", "{\"queue_name\":\"q\",\"worker_id\":\"w\"}"), "lease_id");
    }

    @AfterAll
    static void close() {
        SERVER.close();
    }

    private static String own() {
        return text(SERVER.post(stranger, "/jobs", "{\"queue_name\":\"q\",\"payload\":{}}"), "id");
    }

    /// A member that names something and is not known here has not been thought of.
    @Test
    void everyMemberThatNamesAThingIsKnown() {
        assertThat(IDS).containsAll(Surface.membersOfBodies(Pattern.compile(".*_ids?|ids?|depends_on")));
    }

    @Test
    void anIdInABodyLeadsToNobodyElse() {
        String own = own();
        for (String by : List.of(job, UUID.randomUUID().toString())) {
            String create = "{\"queue_name\":\"q\",\"payload\":{},\"parent_job_id\":\"" + by + "\"}";
            assertThat(SERVER.post(stranger, "/jobs", create).statusCode()).isEqualTo(404);
            for (String member : List.of("depends_on", "depends_on_job_ids", "dependency_job_ids")) {
                String edges = "{\"" + member + "\":[\"" + by + "\"]}";
                assertThat(SERVER.post(stranger, "/jobs/" + own + "/dependencies", edges)
                                .statusCode())
                        .as(member)
                        .isEqualTo(404);
            }
            String named = "{\"job_ids\":[\"" + by + "\"],\"confirm\":true}";
            assertThat(SERVER.post(stranger, "/jobs/dlq/retry", named).body()).contains("\"retried_count\":0");
            assertThat(SERVER.post(stranger, "/jobs/dlq/purge", named).body()).contains("\"purged_count\":0");
            assertThat(SERVER.get(stranger, "/jobs/status?ids=" + by).body()).isEqualTo("[]");
        }
        assertThat(SERVER.get(victim, "/jobs/" + job).body()).contains("\"status\":\"processing\"", "private");
    }

    /// Whoever knows a lease and its worker, but has another organization's key.
    @Test
    void aLeaseServesNobodyElse() {
        String act = "{\"worker_id\":\"w\",\"lease_id\":\"" + lease + "\",\"error\":\"e\",\"progress\":1}";
        for (String verb : List.of("complete", "fail", "heartbeat", "progress")) {
            assertThat(SERVER.post(stranger, "/jobs/" + job + "/" + verb, act).statusCode())
                    .as(verb)
                    .isEqualTo(404);
            assertThat(SERVER.post(stranger, "/jobs/" + own() + "/" + verb, act).statusCode())
                    .as(verb)
                    .isEqualTo(409);
        }
        assertThat(SERVER.get(victim, "/jobs/" + job).body()).contains("\"lease_id\":\"" + lease + "\"");
    }

    /// The dashboard sends X-Organization-ID with every call: it never widens what the credential may see.
    @Test
    void aHeaderThatNamesAnOrganizationWidensNothing() {
        String organization = text(SERVER.get(victim, "/auth/me"), "organization_id");
        for (var operation : Surface.operations()) {
            if (operation.needsCaller() && operation.reads() && !operation.isLive()) {
                var answer = Wire.send(
                        SERVER,
                        "GET",
                        operation.at(job),
                        "",
                        "Authorization",
                        "Bearer " + stranger,
                        "X-Organization-ID",
                        organization);
                assertThat(answer.body()).as(operation.toString()).doesNotContain("private", organization, lease);
            }
        }
    }

    /// A worker's name is an organization's own: the same one elsewhere is another worker's, and refused.
    @Test
    void aWorkersIdIsNotTakenOver() {
        String register = "{\"queue_name\":\"q\",\"hostname\":\"h\",\"worker_id\":\"theirs\"}";
        assertThat(SERVER.post(victim, "/workers/register", register).statusCode())
                .isEqualTo(201);
        assertThat(SERVER.post(stranger, "/workers/register", register).statusCode())
                .isEqualTo(409);
        assertThat(SERVER.get(stranger, "/workers/theirs").statusCode()).isEqualTo(404);
    }
}
