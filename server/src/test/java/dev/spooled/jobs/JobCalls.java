package dev.spooled.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.TestServer;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.List;
import java.util.UUID;
import java.util.regex.Pattern;

/// What the tests of the doors to jobs say again and again.
record JobCalls(TestServer server, String key) {
    static JobCalls of(TestServer server) {
        return new JobCalls(server, server.key);
    }

    /// As another organization.
    JobCalls stranger() {
        String slug = "s" + UUID.randomUUID().toString().substring(0, 8);
        String body = "{\"name\":\"Stranger\",\"slug\":\"" + slug + "\"}";
        var made = server.send(server.to("/api/v1/organizations")
                .header("X-Admin-Key", TestServer.ADMIN_KEY)
                .POST(BodyPublishers.ofString(body)));
        return new JobCalls(server, text(made.body(), "key"));
    }

    /// With a key of this organization for some queues only.
    JobCalls only(String queue) {
        String organization = text(get("/jobs/" + enqueue(queue, "")), "organization_id");
        var made = server.send(server.to("/api/v1/admin/organizations/" + organization + "/api-keys")
                .header("X-Admin-Key", TestServer.ADMIN_KEY)
                .POST(BodyPublishers.ofString("{\"name\":\"scoped\",\"queues\":[\"" + queue + "\"]}")));
        return new JobCalls(server, text(made.body(), "key"));
    }

    String enqueue(String queue, String more) {
        return text(post("/jobs", 201, "{\"queue_name\":\"" + queue + "\",\"payload\":{}" + more + "}"), "id");
    }

    /// The lease of the queue's next job.
    String claim(String queue) {
        return text(post("/jobs/claim", 200, "{\"queue_name\":\"" + queue + "\",\"worker_id\":\"w1\"}"), "lease_id");
    }

    void complete(String id, String lease) {
        post("/jobs/" + id + "/complete", 200, "{\"worker_id\":\"w1\",\"lease_id\":\"" + lease + "\"}");
    }

    /// A new job that is a dead letter.
    String dead(String queue, String more) {
        String id = enqueue(queue, more);
        claim(queue);
        post("/jobs/" + id + "/fail", 200, "{\"worker_id\":\"w1\",\"error\":\"boom\",\"no_retry\":true}");
        return id;
    }

    String post(String path, int status, String body) {
        var response = server.post(key, path, body);
        assertThat(response.statusCode()).as(path + ": " + response.body()).isEqualTo(status);
        return response.body();
    }

    String get(String path) {
        return get(path, 200);
    }

    String get(String path, int status) {
        var response = server.get(key, path);
        assertThat(response.statusCode()).as(path + ": " + response.body()).isEqualTo(status);
        return response.body();
    }

    List<String> list(String query) {
        return ids(get("/jobs?" + query));
    }

    static List<String> ids(String json) {
        return Pattern.compile("\\{\"id\":\"([^\"]*)\"")
                .matcher(json)
                .results()
                .map(m -> m.group(1))
                .toList();
    }

    static String text(String json, String name) {
        var found = Pattern.compile("\"" + name + "\":\"([^\"]*)\"").matcher(json);
        assertThat(found.find()).as(name + " in " + json).isTrue();
        return found.group(1);
    }
}
