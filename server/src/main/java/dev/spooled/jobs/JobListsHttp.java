package dev.spooled.jobs;

import dev.spooled.access.Authenticate;
import dev.spooled.access.Caller;
import dev.spooled.engine.JobStatus;
import dev.spooled.json.Json;
import dev.spooled.json.JsonWriter;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import dev.spooled.web.Answer;
import dev.spooled.web.Cursor;
import dev.spooled.web.Door;
import dev.spooled.web.Routes;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Many jobs over HTTP: lists, numbers, states by id.
public final class JobListsHttp implements Door {
    private static final HeaderName SORTED_WITHIN = HeaderNames.create("X-Spooled-Sorted-Within");
    private static final String BY_TAG = "tag.";
    private static final int MAX_IDS = 100;

    private final JobLists lists;
    private final JobStats stats;
    private final JobReads reads;
    private final Authenticate authenticate;

    public JobListsHttp(JobLists lists, JobStats stats, JobReads reads, Authenticate authenticate) {
        this.lists = lists;
        this.stats = stats;
        this.reads = reads;
        this.authenticate = authenticate;
    }

    @Override
    public void open(Routes routes) {
        routes.get("/api/v1/jobs", authenticate.then(this::list))
                .get("/api/v1/jobs/stats", authenticate.then(this::stats))
                .get("/api/v1/jobs/status", authenticate.then(this::status));
    }

    private void list(ServerRequest request, ServerResponse response, Caller caller) {
        var asked = new ListRequest(
                QueryHttp.text(request, "queue_name"),
                ListRequest.status(QueryHttp.text(request, "status")),
                QueryHttp.text(request, "tag"),
                ListRequest.Order.of(QueryHttp.text(request, "order_by"), QueryHttp.text(request, "order_dir")),
                part(request));
        List<Job> jobs = lists.list(caller, asked);
        if (asked.order().key() != ListRequest.Key.CREATED_AT) {
            response.header(SORTED_WITHIN, Integer.toString(JobLists.WINDOW));
        } else if (jobs.size() == asked.part().limit()) {
            Cursor.tell(response, jobs.getLast().id());
        }
        Answer.json(
                request,
                response,
                200,
                Json.writeAll(jobs, (to, job) -> JobWire.writeRow(to, caller.organization(), job)));
    }

    static ListRequest.Part part(ServerRequest request) {
        return ListRequest.Part.of(
                QueryHttp.integer(request, "limit"),
                QueryHttp.integer(request, "offset"),
                QueryHttp.text(request, "cursor"));
    }

    private void stats(ServerRequest request, ServerResponse response, Caller caller) {
        String by = QueryHttp.text(request, "by");
        byte[] answer = by == null || by.isEmpty()
                ? Json.write(to -> writeCounts(to, stats.of(caller, QueryHttp.text(request, "queue_name"))))
                : statsBy(caller, by);
        Answer.json(request, response, 200, answer);
    }

    private byte[] statsBy(Caller caller, String by) {
        if (!by.startsWith(BY_TAG) || by.length() == BY_TAG.length()) {
            throw Refused.invalid("by", "by must be tag. and the name of a tag");
        }
        List<JobStats.TagCounts> values = stats.byTag(caller, by.substring(BY_TAG.length()));
        return Json.write(to -> to.text("by", by)
                .number("window", JobStats.TAG_WINDOW)
                .array("values", values, (item, it) -> writeCounts(item.text("value", it.value()), it.counts())));
    }

    private static void writeCounts(JsonWriter to, JobStats.Counts counts) {
        for (JobStatus status : JobStatus.values()) {
            to.number(status.wire(), counts.of(status));
        }
        to.number("claimed", counts.of(JobStatus.PROCESSING)).number("total", counts.total());
    }

    private void status(ServerRequest request, ServerResponse response, Caller caller) {
        List<UUID> ids = ids(QueryHttp.text(request, "ids"));
        Map<UUID, Job> found = reads.seen(caller, ids, false).stream()
                .filter(job -> caller.maySee(job.queueName()))
                .collect(Collectors.toMap(Job::id, Function.identity()));
        List<Job> inOrder =
                ids.stream().filter(found::containsKey).map(found::get).toList();
        Answer.json(request, response, 200, Json.writeAll(inOrder, JobWire::writeStatus));
    }

    private static List<UUID> ids(@Nullable String text) {
        List<String> words = Arrays.stream(text == null ? new String[0] : text.split(",", -1))
                .map(String::strip)
                .filter(word -> !word.isEmpty())
                .toList();
        if (words.size() > MAX_IDS) {
            throw new Refused(new Refusal.BadRequest("ids may hold at most 100 ids, not " + words.size()));
        }
        return JobIds.all(words);
    }
}
