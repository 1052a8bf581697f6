package dev.spooled.workflows;

import dev.spooled.jobs.CompletionWebhook;
import dev.spooled.jobs.JobRequest;
import dev.spooled.jobs.Tags;
import dev.spooled.json.Json;
import dev.spooled.json.JsonObject;
import dev.spooled.json.SearchedJson;
import dev.spooled.refusal.Bounds;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A workflow as a client asks for it: every field in its range, every key known and unique, no circle.
record WorkflowRequest(
        String name, @Nullable String description, @Nullable String metadata, List<Step> steps) {
    private static final int MAX_JOBS = 100;
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9 \\-_.()]{1,255}");
    private static final Pattern KEY = Pattern.compile("[A-Za-z0-9 _-]{1,100}");

    /// `parents` are positions in `steps`.
    record Step(String key, JobRequest job, List<Integer> parents, boolean anyParent, boolean signal) {}

    static WorkflowRequest of(JsonObject body) {
        String name = body.text("name");
        if (!NAME.matcher(name).matches()) {
            throw Refused.invalid("name", "name must be 1 to 255 letters, digits, spaces or - _ . ( )");
        }
        String description = body.textOrNull("description");
        Bounds.checkLength("description", description, 0, 1_000);
        String metadata = body.rawOrNull("metadata");
        if (metadata != null) {
            SearchedJson.check("metadata", metadata);
        }
        List<JsonObject> jobs = body.objects("jobs");
        if (jobs.isEmpty() || jobs.size() > MAX_JOBS) {
            throw Refused.invalid("jobs", "jobs must hold 1 to 100 items, not " + jobs.size());
        }
        return new WorkflowRequest(name, description, metadata, steps(jobs));
    }

    private static List<Step> steps(List<JsonObject> jobs) {
        Map<String, Integer> places = new HashMap<>();
        for (JsonObject job : jobs) {
            String key = job.text("key");
            if (!KEY.matcher(key).matches()) {
                throw Refused.invalid("key", "key must be 1 to 100 letters, digits, spaces or - _, not " + key);
            }
            if (places.put(key, places.size()) != null) {
                throw bad("The key " + key + " is given twice");
            }
        }
        List<Step> steps = jobs.stream().map(job -> step(job, places)).toList();
        refuseCircles(steps);
        return steps;
    }

    private static Step step(JsonObject job, Map<String, Integer> places) {
        String key = job.text("key");
        Set<Integer> parents = new LinkedHashSet<>();
        List<String> names = job.textsOrNull("depends_on");
        for (String name : names == null ? List.<String>of() : names) {
            Integer parent = places.get(name);
            if (parent == null) {
                throw bad("The job " + key + " depends on the unknown key " + name);
            }
            if (name.equals(key)) {
                throw bad("The job " + key + " depends on itself");
            }
            parents.add(parent);
        }
        return new Step(
                key, jobRequest(job), List.copyOf(parents), isAny(job.textOrNull("dependency_mode")), signal(job));
    }

    static boolean isAny(@Nullable String mode) {
        if (mode != null && !mode.equals("all") && !mode.equals("any")) {
            throw Refused.invalid("dependency_mode", "dependency_mode must be all or any, not " + mode);
        }
        return "any".equals(mode);
    }

    private static boolean signal(JsonObject job) {
        String awaited = job.textOrNull("wait_for");
        if (awaited != null && !awaited.equals("signal")) {
            throw Refused.invalid("wait_for", "wait_for must be signal, not " + awaited);
        }
        return awaited != null;
    }

    private static JobRequest jobRequest(JsonObject job) {
        Integer priority = job.integerOrNull("priority");
        return new JobRequest(
                job.text("queue_name"),
                withJobType(job.raw("payload"), job.textOrNull("job_type")),
                priority == null ? 0 : priority,
                job.integerOrNull("max_retries"),
                job.integerOrNull("timeout_seconds"),
                job.timeOrNull("scheduled_at"),
                job.timeOrNull("expires_at"),
                null,
                Tags.of(job),
                CompletionWebhook.of(job),
                null,
                null);
    }

    /// The dashboard names the kind of a job beside its payload; workers look for it inside.
    private static String withJobType(String payload, @Nullable String type) {
        if (type == null || !payload.startsWith("{")) {
            return payload;
        }
        JsonObject object = Json.object(payload.getBytes(StandardCharsets.UTF_8));
        if (object.has("job_type") || object.isNull("job_type")) {
            return payload;
        }
        String member = new String(Json.write(to -> to.text("job_type", type)), StandardCharsets.UTF_8);
        return payload.equals("{}") ? member : member.substring(0, member.length() - 1) + "," + payload.substring(1);
    }

    /// Takes away jobs all of whose parents are gone, until none is left or only circles are.
    private static void refuseCircles(List<Step> steps) {
        Set<Integer> left = new LinkedHashSet<>();
        for (int i = 0; i < steps.size(); i++) {
            left.add(i);
        }
        while (!left.isEmpty()) {
            List<Integer> free = new ArrayList<>();
            for (int i : left) {
                if (steps.get(i).parents().stream().noneMatch(left::contains)) {
                    free.add(i);
                }
            }
            if (free.isEmpty()) {
                throw bad("The dependencies form a cycle among "
                        + String.join(
                                ", ", left.stream().map(i -> steps.get(i).key()).toList()));
            }
            left.removeAll(free);
        }
    }

    private static Refused bad(String message) {
        return new Refused(new Refusal.BadRequest(message));
    }
}
