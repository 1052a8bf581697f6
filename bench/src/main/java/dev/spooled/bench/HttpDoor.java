package dev.spooled.bench;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// The way in over REST, on one keep-alive connection.
final class HttpDoor implements Door {
    private static final String JOBS = "/api/v1/jobs";
    private static final int LEASE_SECONDS = 300;

    private final HttpConnection connection;
    private final String queuePrefix;

    HttpDoor(URI server, String key, String queuePrefix) {
        this.connection = new HttpConnection(server, key);
        this.queuePrefix = queuePrefix;
    }

    @Override
    public int enqueue(int queue, int priority, int count) throws IOException {
        return count == 1 ? enqueueOne(queue, priority) : enqueueMany(queue, priority, count);
    }

    @Override
    public List<Held> claim(int queue, String worker, int limit, Duration wait) throws IOException {
        var answer = post(
                JOBS + "/claim", """
                {"queue_name":"%s%d","worker_id":"%s","limit":%d,"lease_duration_secs":%d,"wait_seconds":%d}""".formatted(queuePrefix, queue, worker, limit, LEASE_SECONDS, wait.toSeconds()));
        var ids = JsonScan.strings(answer, "id");
        var leases = JsonScan.strings(answer, "lease_id");
        var sent = JsonScan.numbers(answer, "sent");
        if (ids.size() != leases.size() || ids.size() != sent.size()) {
            throw new IOException("a claim answered jobs that are not ours: " + answer);
        }
        var held = new ArrayList<Held>(ids.size());
        for (int i = 0; i < ids.size(); i++) {
            held.add(new Held(UUID.fromString(ids.get(i)), UUID.fromString(leases.get(i)), sent.get(i)));
        }
        return held;
    }

    @Override
    public void complete(Held job, String worker) throws IOException {
        post(
                JOBS + "/" + job.id() + "/complete",
                "{\"worker_id\":\"" + worker + "\",\"lease_id\":\"" + job.lease() + "\"}");
    }

    @Override
    public void close() {
        connection.close();
    }

    private int enqueueOne(int queue, int priority) throws IOException {
        post(
                JOBS,
                "{\"queue_name\":\"" + queuePrefix + queue + "\",\"priority\":" + priority + ",\"payload\":"
                        + Payload.sentNow() + "}");
        return 1;
    }

    private int enqueueMany(int queue, int priority, int count) throws IOException {
        var body = new StringBuilder(count * (Payload.BYTES + 20));
        body.append("{\"queue_name\":\"").append(queuePrefix).append(queue);
        body.append("\",\"default_priority\":").append(priority).append(",\"jobs\":[");
        for (int i = 0; i < count; i++) {
            body.append(i == 0 ? "" : ",")
                    .append("{\"payload\":")
                    .append(Payload.sentNow())
                    .append('}');
        }
        var answer = post(JOBS + "/bulk", body.append("]}").toString());
        return Math.toIntExact(JsonScan.numbers(answer, "success_count").getFirst());
    }

    private String post(String path, String body) throws IOException {
        var answer = connection.post(path, body);
        if (answer.status() >= 400 && answer.status() < 500 || answer.status() == 503) {
            throw new Declined(path + " answered " + answer.status() + " " + answer.body());
        }
        if (!answer.ok()) {
            throw new IOException(path + " answered " + answer.status() + " " + answer.body());
        }
        return answer.body();
    }
}
