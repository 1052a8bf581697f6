package dev.spooled.conformance.check;

import dev.spooled.conformance.history.Found;
import dev.spooled.conformance.history.Op;
import dev.spooled.conformance.history.Story;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// A story by what is looked up in it.
public final class Facts {
    static final Set<String> TERMINAL = Set.of("completed", "failed", "deadletter", "cancelled");

    private final Story story;
    private final Map<String, Found> jobs = new LinkedHashMap<>();
    private final Map<String, List<Delivery>> deliveries = new HashMap<>();
    private final Map<String, List<Op>> opsOnJob = new HashMap<>();
    private final Map<Long, Op> makers = new HashMap<>();
    private final Set<String> purged = new HashSet<>();

    public Facts(Story story) {
        this.story = story;
        found("job").forEach(job -> jobs.put(job.id(), job));
        for (Op op : story.ops()) {
            if (op.asked().has("job")) {
                opsOnJob.computeIfAbsent(op.asked("job"), id -> new ArrayList<>())
                        .add(op);
            }
            if (op.asked().has("n")) {
                makers.put(op.asked().path("n").asLong(0), op);
            }
            if (op.is("purge") && op.mayHaveHappened()) {
                op.asked().path("jobs").forEach(id -> purged.add(id.asString("")));
            }
            if (op.is("claim")) {
                op.answer().path("jobs").forEach(job -> add(new Delivery(op, job)));
            }
        }
        deliveries
                .values()
                .forEach(list -> list.sort(
                        Comparator.comparingLong(delivery -> delivery.claim().heard())));
    }

    private void add(Delivery delivery) {
        deliveries.computeIfAbsent(delivery.id(), id -> new ArrayList<>()).add(delivery);
    }

    Story story() {
        return story;
    }

    List<Op> named(String name) {
        return story.named(name).toList();
    }

    List<Found> found(String kind) {
        return story.found().stream().filter(found -> found.is(kind)).toList();
    }

    Map<String, Found> jobs() {
        return jobs;
    }

    @Nullable
    Found job(String id) {
        return jobs.get(id);
    }

    /// By the time the claims were answered.
    Map<String, List<Delivery>> deliveries() {
        return deliveries;
    }

    List<Delivery> deliveriesOf(String job) {
        return deliveries.getOrDefault(job, List.of());
    }

    /// What was asked of one job, by the time it was sent.
    List<Op> opsOn(String job, String... names) {
        Set<String> wanted = Set.of(names);
        return opsOnJob.getOrDefault(job, List.of()).stream()
                .filter(op -> wanted.contains(op.name()))
                .toList();
    }

    /// The operation that made the jobs whose payload has this number.
    @Nullable
    Op maker(long number) {
        return makers.get(number);
    }

    boolean isPurged(String job) {
        return purged.contains(job);
    }

    /// Retries and replays that may have brought a job back.
    List<Op> revivals(String job) {
        var found = new ArrayList<Op>();
        opsOn(job, "retry").stream().filter(Op::mayHaveHappened).forEach(found::add);
        for (Op replay : named("replay")) {
            boolean names = contains(replay.answer().path("jobs"), job);
            if (names || replay.mayHaveHappened() && !replay.isOk()) {
                found.add(replay);
            }
        }
        return found;
    }

    static boolean contains(JsonNode array, String text) {
        for (JsonNode item : array) {
            if (item.asString("").equals(text)) {
                return true;
            }
        }
        return false;
    }

    /// Ids of the jobs that an acknowledged operation made or named.
    static List<String> made(Op op) {
        return switch (op.name()) {
            case "enqueue", "trigger" -> List.of(op.answered("id"));
            case "bulk" -> texts(op.answer().path("ids"));
            case "workflow" ->
                op.answer().path("jobs").properties().stream()
                        .map(step -> step.getValue().asString(""))
                        .toList();
            default -> List.of();
        };
    }

    static List<String> texts(JsonNode array) {
        var found = new ArrayList<String>();
        array.forEach(item -> found.add(item.asString("")));
        return found;
    }

    /// Jobs delivered at all, more than once, and more than once although no worker had reported a failure.
    public Shares shares() {
        int more = 0;
        int unasked = 0;
        for (var entry : deliveries.entrySet()) {
            if (entry.getValue().size() > 1) {
                more++;
                boolean asked = opsOn(entry.getKey(), "fail").stream().anyMatch(Op::mayHaveHappened)
                        || opsOn(entry.getKey(), "retry").stream().anyMatch(Op::mayHaveHappened);
                unasked += asked ? 0 : 1;
            }
        }
        return new Shares(deliveries.size(), more, unasked);
    }

    public record Shares(int delivered, int moreThanOnce, int unasked) {}

    Map<String, List<Found>> jobsBy(java.util.function.Function<Found, String> key) {
        return jobs.values().stream().collect(Collectors.groupingBy(key));
    }
}
