package dev.spooled.live;

import dev.spooled.access.Caller;
import dev.spooled.access.Credentials;
import dev.spooled.announce.Announcement;
import dev.spooled.announce.Announcer;
import dev.spooled.bus.Bus;
import dev.spooled.db.DbFault;
import dev.spooled.db.Homes;
import dev.spooled.engine.JobMove;
import dev.spooled.engine.JobWatcher;
import dev.spooled.live.Listener.Who;
import dev.spooled.orgs.ConnectionLimits;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import dev.spooled.time.Clock;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Hands what happens to those who listen. The lane and the operations only put it into the `Inbox`, and not even that
/// for an organization nobody listens to; one thread makes events of it and adds them to the feeds.
public final class Hub implements JobWatcher, Announcer, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Hub.class);
    private static final long IDLE_NANOS = Duration.ofMillis(500).toNanos();

    /// After much at once more is awaited, so that listeners are woken for many events rather than for each.
    private static final int MUCH = 20;

    private static final long GATHER_NANOS = Duration.ofMillis(5).toNanos();

    /// Listeners woken in a millisecond. They share the processors with those who serve requests, who would have
    /// to wait while hundreds write at once.
    private static final int WOKEN_AT_ONCE = 4;

    private static final long WOKEN_NANOS = Duration.ofMillis(1).toNanos();
    private static final int RETRY_SECONDS = 5;
    private static final Duration CLOSE_WAIT = Duration.ofSeconds(4);

    private final Clock clock;
    private final Limits limits;
    private final IntFunction<ConnectionLimits> own;
    private final Rhythm rhythm;
    private final BooleanSupplier database;
    private final QueueReads queues;
    private final Inbox inbox = new Inbox();
    private final Turns turns = new Turns();
    private volatile Elsewhere elsewhere = new Elsewhere(Bus.ALONE, new FromElsewhere());

    private final Sequence sequence = new Sequence();
    private final Map<Integer, Feed> feeds = new ConcurrentHashMap<>();
    private final Map<Integer, Set<String>> changed = new ConcurrentHashMap<>();
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicLong heldBytes = new AtomicLong();
    private final AtomicLong told = new AtomicLong();
    private final AtomicLong leftOut = new AtomicLong();
    private final AtomicLong slow = new AtomicLong();
    private final Thread thread;
    private final Rounds rounds;
    private volatile boolean closing;

    /// Connections at once: of an organization by each door, and of all together.
    public record Limits(int streams, int sockets, int all) {
        public static final Limits STANDARD = new Limits(200, 100, 10_000);

        /// By that door, for an organization with limits of its own.
        int of(Listener.Door door, ConnectionLimits own) {
            return switch (door) {
                case SSE -> Objects.requireNonNullElse(own.events(), streams);
                case WEBSOCKET -> Objects.requireNonNullElse(own.sockets(), sockets);
            };
        }
    }

    /// What the hub works with. `database` says whether the database answers, `own` what organizations may have.
    public record Parts(
            Homes db,
            Clock clock,
            Credentials credentials,
            BooleanSupplier database,
            IntFunction<ConnectionLimits> own) {}

    public Hub(Parts parts, Limits limits, Rhythm rhythm) {
        this.clock = parts.clock();
        this.limits = limits;
        this.own = parts.own();
        this.rhythm = rhythm;
        this.database = parts.database();
        this.queues = new QueueReads(parts.db());
        this.thread = Thread.ofPlatform().name("live-hub").daemon().start(this::handOut);
        this.rounds = new Rounds(this, parts.credentials(), rhythm);
    }

    /// Open connections, events, passing events left out for listeners far behind, and connections ended as too slow.
    public Hub meteredBy(MeterRegistry registry) {
        registry.gauge("spooled.live.connections", open);
        registry.gauge("spooled.live.feed.bytes", heldBytes);
        registry.more().counter("spooled.live.events", List.of(), told);
        registry.more().counter("spooled.live.events.dropped", List.of(), leftOut);
        registry.more().counter("spooled.live.connections.slow", List.of(), slow);
        return this;
    }

    // ---- what happens

    /// Tells the other nodes what happens here, as far as they listen, and hears of theirs.
    public Hub shareOver(Bus bus) {
        elsewhere = new Elsewhere(bus, new FromElsewhere());
        return this;
    }

    private final class FromElsewhere implements Elsewhere.Hearing {
        @Override
        public Collection<Integer> orgs() {
            return feeds.keySet();
        }

        @Override
        public void heard(int org, List<Inbox.Told> told) {
            if (feeds.containsKey(org)) {
                told.forEach(inbox::put);
            }
        }

        @Override
        public void missed() {
            LiveEvent event =
                    LiveEvent.error("Events of other servers may be missing: read the state again", clock.now());
            feeds.keySet().forEach(org -> publish(org, List.of(event)));
        }
    }

    @Override
    public boolean isWatching() {
        return !feeds.isEmpty() || elsewhere.wantsAny();
    }

    @Override
    public void moved(List<JobMove> moves) {
        List<JobMove> heard = moves;
        for (int i = 0; i < moves.size(); i++) {
            if (!isHeardBy(moves.get(i).org())) {
                heard = moves.stream().filter(move -> isHeardBy(move.org())).toList();
                break;
            }
        }
        if (!heard.isEmpty()) {
            inbox.put(Inbox.Moves.of(heard, true));
        }
    }

    @Override
    public boolean isHeardBy(int org) {
        return feeds.containsKey(org) || elsewhere.wants(org);
    }

    @Override
    public void announce(Announcement news) {
        if (isHeardBy(news.org())) {
            inbox.put(new Inbox.News(news, clock.now(), true));
        }
    }

    private void handOut() {
        while (!closing) {
            try {
                handOut(inbox.take(sequence.nanosToNext(System.nanoTime(), IDLE_NANOS)));
            } catch (RuntimeException e) {
                log.error("events could not be told; who listens is sent away", e);
                feeds.values().forEach(Feed::lose);
            }
        }
    }

    private void handOut(Inbox.Delivery delivery) {
        elsewhere.tell(delivery.told());
        elsewhere.tellLost(delivery.lost());
        lose(delivery.lost());
        List<Inbox.Told> told = inOrder(delivery.told());
        Map<Integer, List<LiveEvent>> byOrg = new LinkedHashMap<>();
        try {
            learnQueues(told);
            told.forEach(item -> addTo(byOrg, item));
        } catch (DbFault e) {
            log.warn("queues could not be read; who listens is sent away: {}", e.getMessage());
            lose(orgs(delivery.told()));
            return;
        }
        int events = 0;
        for (var each : byOrg.entrySet()) {
            events += each.getValue().size();
            publish(each.getKey(), each.getValue());
        }
        if (events > MUCH) {
            LockSupport.parkNanos(this, GATHER_NANOS);
        }
    }

    /// While other nodes tell of jobs, too, changes may come out of their order.
    private List<Inbox.Told> inOrder(List<Inbox.Told> told) {
        boolean shared = elsewhere.isShared();
        var ordered = new ArrayList<Inbox.Told>();
        if (!shared) {
            add(ordered, sequence.letGoAll());
        }
        for (Inbox.Told item : told) {
            if (shared && item instanceof Inbox.Moves moves) {
                List<JobMove> heard = moves.moves().stream()
                        .filter(move -> feeds.containsKey(move.org()))
                        .toList();
                add(ordered, sequence.pass(heard, System.nanoTime()));
            } else {
                ordered.add(item);
            }
        }
        if (shared) {
            add(ordered, sequence.pass(List.of(), System.nanoTime()));
        }
        return ordered;
    }

    private static void add(List<Inbox.Told> ordered, List<JobMove> moves) {
        if (!moves.isEmpty()) {
            ordered.add(Inbox.Moves.of(moves, true));
        }
    }

    void publish(int org, List<LiveEvent> events) {
        Feed feed = feeds.get(org);
        if (feed != null && !events.isEmpty()) {
            wake(feed.add(events));
            told.addAndGet(events.size());
        }
    }

    private void wake(List<Listener> listeners) {
        for (int i = 0; i < listeners.size(); i++) {
            if (i > 0 && i % WOKEN_AT_ONCE == 0) {
                LockSupport.parkNanos(this, WOKEN_NANOS);
            }
            listeners.get(i).wake();
        }
    }

    private void learnQueues(List<Inbox.Told> told) {
        Map<Integer, Integer> orgOf = new HashMap<>();
        for (Inbox.Told item : told) {
            if (item instanceof Inbox.Moves moves) {
                moves.moves().forEach(move -> orgOf.put(move.queue(), move.org()));
            }
        }
        queues.learn(orgOf);
    }

    private void addTo(Map<Integer, List<LiveEvent>> byOrg, Inbox.Told item) {
        switch (item) {
            case Inbox.Moves moves ->
                moves.moves().forEach(move -> {
                    String queue = queues.name(move.queue());
                    if (queue != null) {
                        listOf(byOrg, move.org()).addAll(Events.of(move, queue));
                        noteChange(move.org(), queue);
                    }
                });
            case Inbox.News news -> {
                LiveEvent event = Events.of(news.news(), news.at());
                listOf(byOrg, news.news().org()).add(event);
                if (event.kind() == EventKind.QUEUE_PAUSED || event.kind() == EventKind.QUEUE_RESUMED) {
                    noteChange(news.news().org(), String.valueOf(event.about().queue()));
                }
            }
        }
    }

    private static List<LiveEvent> listOf(Map<Integer, List<LiveEvent>> byOrg, int org) {
        return byOrg.computeIfAbsent(org, it -> new ArrayList<>());
    }

    private void noteChange(int org, String queue) {
        changed.computeIfAbsent(org, it -> ConcurrentHashMap.newKeySet()).add(queue);
    }

    private static Set<Integer> orgs(List<Inbox.Told> told) {
        Set<Integer> orgs = ConcurrentHashMap.newKeySet();
        for (Inbox.Told item : told) {
            switch (item) {
                case Inbox.Moves moves -> moves.moves().forEach(move -> orgs.add(move.org()));
                case Inbox.News news -> orgs.add(news.news().org());
            }
        }
        return orgs;
    }

    private void lose(Collection<Integer> orgs) {
        for (int org : orgs) {
            Feed feed = feeds.get(org);
            if (feed != null) {
                feed.lose();
            }
        }
    }

    // ---- who listens

    /// A new listener, and whether it missed nothing since the event that it names as its last.
    record Joined(Listener listener, boolean missedNothing) {
        /// What it is told first.
        List<LiveEvent> missed(Instant now) {
            return missedNothing
                    ? List.of()
                    : List.of(LiveEvent.error("Events were missed: the last event id is not known any more", now));
        }
    }

    /// Refused when there are too many already. Whoever opens it closes it.
    Joined open(Who who, Interest interest, @Nullable String last, Runnable cut) {
        if (closing) {
            throw Refused.unavailable("The server is stopping");
        }
        if (open.incrementAndGet() > limits.all()) {
            open.decrementAndGet();
            throw tooMany(limits.all(), "The server has " + limits.all() + " live connections, which is all it takes");
        }
        try {
            int most = limits.of(who.door(), own.apply(who.caller().org()));
            var joined = new ArrayList<Joined>(1);
            feeds.compute(who.caller().org(), (org, known) -> {
                Feed feed = known == null ? new Feed(heldBytes, leftOut) : known;
                if (known == null) {
                    elsewhere.listen(Set.of(org));
                }
                var listener = listener(feed, most, who, interest, cut);
                joined.add(new Joined(listener, feed.join(listener, last)));
                return feed;
            });
            return joined.getFirst();
        } catch (RuntimeException e) {
            open.decrementAndGet();
            throw e;
        }
    }

    private Listener listener(Feed feed, int most, Who who, Interest interest, Runnable cut) {
        if (feed.count(who.door()) >= most) {
            throw tooMany(most, "This organization has " + most + " such connections open, which is all it may have");
        }
        return new Listener(feed, who, interest, cut, open::decrementAndGet);
    }

    private Refused tooMany(int limit, String message) {
        long later = clock.now().getEpochSecond() + RETRY_SECONDS;
        return new Refused(new Refusal.RateLimited(limit, 0, later, RETRY_SECONDS, message));
    }

    /// All who listen now.
    List<Listener> listeners() {
        return feeds.values().stream()
                .flatMap(feed -> feed.listeners().stream())
                .toList();
    }

    void endSlow(Listener listener) {
        slow.incrementAndGet();
        listener.end(Listener.End.SLOW);
    }

    /// Lets feeds go that nobody came back to.
    void forgetDeserted(long now) {
        feeds.forEach((org, it) -> feeds.computeIfPresent(org, (same, feed) -> {
            if (!feed.isDeserted(now, rhythm.linger().toNanos())) {
                return feed;
            }
            feed.forget();
            changed.remove(org);
            return null;
        }));
    }

    /// Says again for whom there are listeners here, and forgets what others no longer say.
    void tellOthers() {
        elsewhere.listen(feeds.keySet());
        elsewhere.forgetOld();
    }

    // ---- queues and health

    QueueReads queues() {
        return queues;
    }

    /// Tells the counters of queues that changed and that somebody wants to hear of.
    void tellCounts() {
        for (int org : feeds.keySet()) {
            Set<String> queuesOfOrg = changed.remove(org);
            Feed feed = feeds.get(org);
            if (queuesOfOrg != null && feed != null) {
                tellCounts(org, feed, queuesOfOrg);
            }
        }
    }

    private void tellCounts(int org, Feed feed, Set<String> ofOrg) {
        List<Interest> interests =
                feed.listeners().stream().map(Listener::interest).distinct().toList();
        Set<String> wanted = ConcurrentHashMap.newKeySet();
        for (String queue : ofOrg) {
            LiveEvent sample = Events.of(QueueReads.Counts.none(queue), Instant.EPOCH);
            if (wanted.size() >= Rounds.QUEUES_AT_ONCE) {
                noteChange(org, queue);
            } else if (interests.stream().anyMatch(interest -> interest.wants(sample))) {
                wanted.add(queue);
            }
        }
        if (!wanted.isEmpty()) {
            Instant now = clock.now();
            publish(
                    org,
                    queues.counts(org, wanted).stream()
                            .map(counts -> Events.of(counts, now))
                            .toList());
        }
    }

    LiveEvent counts(Caller caller, String queue) {
        return Events.of(queues.recentCounts(caller.org(), queue), clock.now());
    }

    LiveEvent health() {
        return Events.health(database.getAsBoolean(), clock.now());
    }

    Instant now() {
        return clock.now();
    }

    Rhythm rhythm() {
        return rhythm;
    }

    Turns turns() {
        return turns;
    }

    /// Connections that are open.
    public int connections() {
        return open.get();
    }

    /// Ends all connections in order, and waits a little for them to be gone.
    @Override
    public void close() {
        closing = true;
        listeners().forEach(listener -> listener.end(Listener.End.STOPPING));
        long until = System.nanoTime() + CLOSE_WAIT.toNanos();
        while (open.get() > 0 && System.nanoTime() - until < 0) {
            LockSupport.parkNanos(this, GATHER_NANOS);
        }
        rounds.close();
        inbox.wake();
    }
}
