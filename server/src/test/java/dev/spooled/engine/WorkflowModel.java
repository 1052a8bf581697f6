package dev.spooled.engine;

import dev.spooled.engine.Command.Linked;
import dev.spooled.engine.Command.Linked.Outcome;
import dev.spooled.engine.Command.Settled;
import dev.spooled.engine.Command.WorkflowMade;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What workflows ought to do, in the plainest Java: the oracle of `WorkflowModelTest`. Every rule is a look at
/// all jobs; nothing is counted ahead.
final class WorkflowModel {
    enum State {
        READY,
        SCHEDULED,
        WAITING,
        LEASED,
        COMPLETED,
        DEAD,
        CANCELLED;

        boolean ended() {
            return this == COMPLETED || this == DEAD || this == CANCELLED;
        }

        boolean lost() {
            return this == DEAD || this == CANCELLED;
        }
    }

    static final class Job {
        final UUID id;
        final @Nullable Flow flow;
        final boolean takesSignal;
        final Set<Job> parents = new LinkedHashSet<>();
        boolean any;
        boolean signalled;
        State state = State.READY;
        int retries;
        boolean lastTry;

        /// Whether parents held it up when they were last looked at: what ends in a batch is looked at in its end.
        boolean held;

        Job(UUID id, @Nullable Flow flow, boolean takesSignal) {
            this.id = id;
            this.flow = flow;
            this.takesSignal = takesSignal;
        }

        boolean lacksSignal() {
            return takesSignal && !signalled;
        }

        boolean lacksParents() {
            long met = parents.stream().filter(p -> p.state == State.COMPLETED).count();
            return any ? met == 0 && !parents.isEmpty() : met < parents.size();
        }

        boolean unreachable() {
            return !parents.isEmpty()
                    && (any
                            ? parents.stream().allMatch(p -> p.state.lost())
                            : parents.stream().anyMatch(p -> p.state.lost()));
        }

        void begin() {
            held = lacksParents();
            state = lacksSignal() || held ? State.WAITING : State.READY;
        }
    }

    static final class Flow {
        final UUID id;
        final List<Job> jobs = new ArrayList<>();
        int status;
        int completed;
        int failed;
        int open;

        Flow(UUID id) {
            this.id = id;
        }

        private int count(State state) {
            return (int) jobs.stream().filter(job -> job.state == state).count();
        }

        void recount() {
            open = (int) jobs.stream().filter(job -> !job.state.ended()).count();
            if (status == 6) {
                return;
            }
            completed = count(State.COMPLETED);
            failed = count(State.DEAD);
            status = open > 0 ? 0 : failed > 0 ? 4 : completed == jobs.size() ? 3 : 6;
        }
    }

    final Map<UUID, Job> jobs = new TreeMap<>();
    final Map<UUID, Flow> flows = new TreeMap<>();

    private final Set<Flow> closing = new HashSet<>();

    void enqueue(UUID id) {
        jobs.put(id, new Job(id, null, false));
    }

    void make(NewWorkflow asked, WorkflowMade made) {
        var flow = new Flow(made.id());
        for (int i = 0; i < asked.steps().size(); i++) {
            NewWorkflow.Step step = asked.steps().get(i);
            var job = new Job(made.jobs().get(i), flow, step.signal());
            job.any = step.anyParent();
            flow.jobs.add(job);
            jobs.put(job.id, job);
        }
        for (int i = 0; i < asked.steps().size(); i++) {
            for (int parent : asked.steps().get(i).parents()) {
                flow.jobs.get(i).parents.add(flow.jobs.get(parent));
            }
            flow.jobs.get(i).begin();
        }
        flows.put(flow.id, flow);
    }

    List<UUID> claim(int limit) {
        List<Job> found = jobs.values().stream()
                .filter(job -> job.state == State.READY)
                .limit(limit)
                .toList();
        found.forEach(job -> job.state = State.LEASED);
        return found.stream().map(job -> job.id).toList();
    }

    Settled complete(UUID id) {
        Job job = jobs.get(id);
        if (job == null || job.state != State.LEASED) {
            return new Settled.Missed();
        }
        job.state = State.COMPLETED;
        return new Settled.Completed();
    }

    /// Says whether it will be tried again.
    @Nullable
    Boolean fail(UUID id, boolean retry) {
        Job job = jobs.get(id);
        if (job == null || job.state != State.LEASED) {
            return null;
        }
        boolean again = retry && !job.lastTry && job.retries < 3;
        job.retries += again ? 1 : 0;
        job.state = again ? State.SCHEDULED : State.DEAD;
        return again;
    }

    void promote() {
        jobs.values().stream().filter(job -> job.state == State.SCHEDULED).forEach(job -> job.state = State.READY);
    }

    Settled cancel(UUID id) {
        Job job = jobs.get(id);
        if (job == null || job.state.ended() || job.state == State.LEASED) {
            return new Settled.Missed();
        }
        job.state = State.CANCELLED;
        return new Settled.Cancelled();
    }

    Settled retry(UUID id) {
        Job job = jobs.get(id);
        if (job == null || job.state != State.DEAD) {
            return new Settled.Missed();
        }
        job.state = State.READY;
        job.retries = 0;
        job.lastTry = false;
        return new Settled.Retried();
    }

    Settled signal(UUID id) {
        Job job = jobs.get(id);
        if (job == null || job.state != State.WAITING || !job.lacksSignal()) {
            return new Settled.Missed();
        }
        job.signalled = true;
        if (!job.held) {
            job.state = State.READY;
        }
        return new Settled.Signalled();
    }

    Settled rerun(UUID id, boolean whole) {
        Flow flow = flows.get(id);
        if (flow == null || flow.status != 4) {
            return new Settled.Missed();
        }
        List<Job> again = flow.jobs.stream()
                .filter(job -> job.state.ended() && (whole || job.state != State.COMPLETED))
                .toList();
        for (Job job : again) {
            job.signalled &= !whole;
            job.retries = 0;
            job.lastTry = false;
            job.state = State.WAITING;
        }
        again.forEach(Job::begin);
        return new Settled.Retried();
    }

    Settled cancelFlow(UUID id) {
        Flow flow = flows.get(id);
        if (flow == null || flow.status != 0) {
            return new Settled.Missed();
        }
        for (Job job : flow.jobs) {
            if (job.state == State.LEASED) {
                job.lastTry = true;
            } else if (!job.state.ended()) {
                job.state = State.CANCELLED;
            }
        }
        closing.add(flow);
        return new Settled.Cancelled();
    }

    Linked link(UUID id, List<UUID> parents, boolean any) {
        Job job = jobs.get(id);
        List<Job> found = parents.stream().map(jobs::get).filter(p -> p != null).toList();
        if (job == null || found.size() < parents.size()) {
            return new Linked(Outcome.UNKNOWN_JOB, 0);
        }
        if (found.stream().anyMatch(parent -> waitsFor(parent, job))) {
            return new Linked(Outcome.CIRCLE, 0);
        }
        if (found.stream().anyMatch(parent -> parent.state.lost())) {
            return new Linked(Outcome.PARENT_LOST, 0);
        }
        if (job.state.ended() || job.state == State.LEASED) {
            return new Linked(Outcome.MOVED, 0);
        }
        int before = job.parents.size();
        job.parents.addAll(found);
        job.any = any;
        job.held = job.lacksParents();
        if (job.lacksParents()) {
            job.state = State.WAITING;
        }
        return new Linked(Outcome.LINKED, job.parents.size() - before);
    }

    private static boolean waitsFor(Job job, Job other) {
        return job == other
                || job.state == State.WAITING && job.parents.stream().anyMatch(parent -> waitsFor(parent, other));
    }

    /// What follows from the rest: jobs that wait start or are lost, until nothing changes.
    void settle() {
        boolean changed = true;
        while (changed) {
            changed = false;
            for (Job job : jobs.values()) {
                if (job.state == State.WAITING && (job.unreachable() || !job.lacksParents() && !job.lacksSignal())) {
                    job.state = job.unreachable() ? State.CANCELLED : State.READY;
                    changed = true;
                }
            }
        }
        jobs.values().forEach(job -> job.held = job.lacksParents());
        for (Flow flow : closing) {
            flow.recount();
            flow.status = 6;
        }
        closing.clear();
        flows.values().forEach(Flow::recount);
    }

    List<String> lines() {
        var lines = new ArrayList<String>();
        jobs.values().forEach(job -> lines.add(job.id + " " + job.state));
        flows.values()
                .forEach(flow -> lines.add(flow.id + " flow " + flow.status + " completed " + flow.completed
                        + " failed " + flow.failed + " open " + flow.open));
        lines.sort(null);
        return lines;
    }
}
