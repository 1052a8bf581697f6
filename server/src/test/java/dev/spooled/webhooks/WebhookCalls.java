package dev.spooled.webhooks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.db.Args;
import dev.spooled.db.Row;
import dev.spooled.db.Sql;
import dev.spooled.support.Await;
import dev.spooled.support.TestServer;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.regex.Pattern;

/// An organization of a test with webhooks, and the passes that serve them.
record WebhookCalls(TestServer server, String key) {
    static WebhookCalls of(TestServer server) {
        return new WebhookCalls(server, server.otherOrganization());
    }

    static String text(String json, String name) {
        var found = Pattern.compile("\"" + name + "\":\"([^\"]*)\"").matcher(json.replace("\" : ", "\":"));
        assertThat(found.find()).as(name + " in " + json).isTrue();
        return found.group(1);
    }

    String create(String url, String events, String more) {
        HttpResponse<String> made = server.post(
                key,
                "/outgoing-webhooks",
                "{\"name\":\"hook\",\"url\":\"" + url + "\",\"events\":[" + events + "]" + more + "}");
        assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
        return text(made.body(), "id");
    }

    String get(String id) {
        return server.get(key, "/outgoing-webhooks/" + id).body();
    }

    String deliveries(String id) {
        HttpResponse<String> answer = server.get(key, "/outgoing-webhooks/" + id + "/deliveries");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return answer.body();
    }

    HttpResponse<String> post(String path, String json) {
        return server.post(key, path, json);
    }

    String enqueue(String queue, String more) {
        var made = post("/jobs", "{\"queue_name\":\"" + queue + "\",\"payload\":{\"a\":1}" + more + "}");
        assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
        return text(made.body(), "id");
    }

    void claim(String queue) {
        assertThat(post("/jobs/claim", "{\"queue_name\":\"" + queue + "\",\"worker_id\":\"w\"}")
                        .body())
                .contains("\"id\"");
    }

    /// A job from its beginning to a good end.
    String complete(String queue, String more) {
        String job = enqueue(queue, more);
        claim(queue);
        assertThat(post("/jobs/" + job + "/complete", "{\"worker_id\":\"w\",\"result\":{\"total\":1.50}}")
                        .statusCode())
                .isEqualTo(200);
        return job;
    }

    /// Makes deliveries and sends what is due now, until all of it has been answered.
    void sendDue() {
        sendDue(server.webhooks);
    }

    static void sendDue(OutgoingWebhooks node) {
        while (node.fanOut().runOnce()) {}
        node.deliver().pass();
        Await.until(
                () -> {
                    int begun = node.deliver().pass();
                    return begun == 0 && node.deliver().isQuiet();
                },
                quiet -> quiet);
    }

    static <T> List<T> rows(TestServer server, String query, Row.Reader<T> reader) {
        return server.database.db().asEngine(tx -> tx.list(new Sql("test", query, List.of()), Args.NONE, reader));
    }

    static int count(TestServer server, String fromWhere) {
        return rows(server, "select count(*)::int as n from " + fromWhere, row -> row.integer("n"))
                .getFirst();
    }

    static void execute(TestServer server, String statement) {
        server.database.db().asEngine(tx -> tx.run(new Sql("test", statement, List.of()), Args.NONE));
    }
}
