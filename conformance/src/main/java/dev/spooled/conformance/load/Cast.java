package dev.spooled.conformance.load;

import dev.spooled.conformance.history.History;
import dev.spooled.conformance.load.Wire.Reply;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// All who act in a run: two organizations, each with producers, workers, an operator, and one of each other kind.
public final class Cast {
    private static final double CUTS = 0.01;
    private static final int PRODUCERS = 3;
    private static final int WORKERS = 6;
    private static final int LINE_JOBS = 50;
    private static final long LOST_LEASE_NANOS = TimeUnit.SECONDS.toNanos(15);
    private static final List<String> WORKED =
            List.of("q0", "q1", "q2", "q3", Stage.STEPS, Stage.STEPS, Stage.TICKS, Stage.EXACT);

    /// How many jobs a second, about, and whether connections are cut.
    public record Load(int jobsPerSecond, boolean cuts) {}

    private final Stage stage;
    private final Load load;
    private final Random random;
    private final List<Org> orgs;
    private final List<Thread> producing = new ArrayList<>();
    private final List<Thread> working = new ArrayList<>();

    /// Notice the end of the play only with the next event, so nobody waits for them until all is worked off.
    private final List<Thread> listening = new ArrayList<>();

    private final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();

    /// `keys` of two organizations, or of one.
    public Cast(List<URI> urls, List<String> keys, Load load, History history, Random random) {
        this.stage = new Stage(new Wire(urls, load.cuts() ? CUTS : 0), history);
        this.load = load;
        this.random = random;
        this.orgs = new ArrayList<>();
        for (int i = 0; i < keys.size(); i++) {
            orgs.add(new Org("org-" + (char) ('a' + i), keys.get(i)));
        }
    }

    private Actor actor(String by, Org org) {
        return new Actor(by + "-" + org.name(), org, new Random(random.nextLong()));
    }

    /// Before anything is disturbed: a queue filled with priorities, and worked off by one.
    public void standInLine() {
        for (Org org : orgs) {
            Actor actor = actor("line", org);
            for (int i = 0; i < LINE_JOBS; i++) {
                long number = stage.number();
                int priority = actor.between(-2, 2);
                ObjectNode body = Stage.object().put("queue_name", Stage.LINE).put("priority", priority);
                body.set("payload", Stage.object().put("n", number));
                Reply reply = stage.wire()
                        .ask(actor, stage.wire().urls().getFirst(), org.key(), "POST", "/api/v1/jobs", body.toString());
                ObjectNode answer = Stage.object();
                if (reply.isOk()) {
                    answer.put("id", reply.body().path("id").asString("")).put("created", true);
                }
                stage.note(actor, "enqueue", reply, Stage.object().put("n", number), answer);
            }
            workOff(new Worker(stage, actor, List.of(Stage.LINE), true));
        }
    }

    /// What was leased with an answer that was lost comes back when the lease has ended.
    private static void workOff(Worker worker) {
        long until = System.nanoTime();
        int got = 1;
        while (got != 0 || System.nanoTime() - until < 0) {
            got = worker.workOnce(Stage.LINE);
            if (got < 0) {
                until = System.nanoTime() + LOST_LEASE_NANOS;
            } else if (got == 0) {
                Stage.pause(100);
            }
        }
    }

    public void begin() {
        int pauseMillis = Math.max(1, 1_000 * PRODUCERS * orgs.size() * 2 / load.jobsPerSecond());
        for (Org org : orgs) {
            Org other = orgs.get((orgs.indexOf(org) + 1) % orgs.size());
            for (int i = 0; i < PRODUCERS; i++) {
                start(producing, new Producer(stage, actor("producer-" + i, org), pauseMillis));
            }
            for (int i = 0; i < WORKERS; i++) {
                start(working, new Worker(stage, actor("worker-" + i, org), WORKED, false));
            }
            start(working, new Worker(stage, actor("worker-wakes", org), List.of(Stage.WAKES), true).afterDoors());
            if (orgs.size() > 1) {
                start(producing, new Operator(stage, actor("operator", org), other));
            }
            start(producing, new Waker(stage, actor("waker", org)));
            start(producing, new Vandal(stage, actor("vandal", org)));
        }
        Org first = orgs.getFirst();
        start(producing, new KeyTurner(stage, actor("keys", first)));
        start(producing, new Ticker(stage, actor("every-second", first), "* * * * * *", 1));
        start(producing, new Ticker(stage, actor("every-three", first), "*/3 * * * * *", 3));
    }

    /// Listeners besides, for a run whose streams end now and then.
    public void listen(int streams) {
        for (Org org : orgs) {
            start(listening, new Listener(stage, actor("listener", org), true));
            for (int i = 0; i < streams; i++) {
                start(producing, new Listener(stage, actor("listener-" + i, org), false));
            }
        }
    }

    public long streamFaults() {
        return stage.wire().streamFaults();
    }

    private void start(List<Thread> threads, Runnable what) {
        threads.add(Thread.ofVirtual().start(() -> {
            try {
                what.run();
            } catch (RuntimeException e) {
                failures.add(e);
            }
        }));
    }

    /// Ends the making of jobs, lets the rest be worked off, and reads what is there. False if work was left.
    public boolean end() throws InterruptedException {
        stage.closeDoors();
        join(producing);
        List<Actor> readers = orgs.stream().map(org -> actor("reader", org)).toList();
        for (Actor reader : readers) {
            var operator = new Operator(stage, reader, reader.org());
            Stage.QUEUES.forEach(operator::resume);
        }
        var closing = new Closing(stage);
        boolean drained = closing.drain(readers);
        stage.end();
        join(working);
        for (Thread thread : listening) {
            thread.join(Duration.ofSeconds(20));
        }
        for (Actor reader : readers) {
            closing.read(reader, workflows(reader.org()));
        }
        return drained;
    }

    private List<String> workflows(Org org) {
        return stage.history()
                .story()
                .named("workflow")
                .filter(op -> op.isOk() && op.org().equals(org.name()))
                .map(op -> op.answered("id"))
                .toList();
    }

    private static void join(List<Thread> threads) throws InterruptedException {
        for (Thread thread : threads) {
            thread.join();
        }
    }

    /// What went wrong in the threads themselves: a fault of this program.
    public List<Throwable> failures() {
        return List.copyOf(failures);
    }

    public long broken() {
        return stage.wire().broken();
    }

    public long unreachable() {
        return stage.wire().unreachable();
    }

    public long longestMicros() {
        return stage.wire().longestMicros();
    }

    /// A second organization, made by the operator's key. Returns its key.
    public static String anotherOrganization(URI server, String firstKey) {
        var wire = new Wire(List.of(server), 0);
        var actor = new Actor("setup", new Org("setup", firstKey), new Random(1));
        Reply reply =
                wire.ask(actor, "POST", "/api/v1/admin/organizations", "{\"name\":\"second\",\"slug\":\"second\"}");
        JsonNode key = reply.body().path("api_key").path("key");
        if (!reply.isOk() || !key.isString()) {
            throw new IllegalStateException("no second organization: " + reply.status() + " " + reply.body());
        }
        return key.asString("");
    }
}
