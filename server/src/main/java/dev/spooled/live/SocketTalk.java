package dev.spooled.live;

import dev.spooled.access.Caller;
import dev.spooled.json.Json;
import dev.spooled.live.Command.Receipt;
import dev.spooled.live.Command.Verb;
import dev.spooled.live.Feed.Entry;
import dev.spooled.live.Listener.End;
import dev.spooled.web.SocketDoor.Conversation;
import dev.spooled.web.WebSocket;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A listener on a WebSocket. The connection's own thread writes: events, answers, pings. Another reads commands.
final class SocketTalk implements Conversation {
    private static final Logger log = LoggerFactory.getLogger(SocketTalk.class);
    private static final int EVENTS_AT_ONCE = 128;
    private static final int BYTES_AT_ONCE = 32 * 1024;
    private static final int SUBSCRIPTIONS_MAX = 200;
    private static final int ANSWERS_MAX = 256;
    private static final int PROBES = 3;

    private final Hub hub;
    private final Hub.Joined joined;
    private final Listener listener;
    private final Rhythm rhythm;
    private final boolean withIds;
    private final ConcurrentLinkedQueue<byte[]> answers = new ConcurrentLinkedQueue<>();
    private final AtomicInteger waitingAnswers = new AtomicInteger();

    /// Touched by the reading thread only.
    private final Set<Filter> subscriptions = new LinkedHashSet<>();

    private volatile Dialect dialect;
    private long pingAt;
    private long probeAt;

    SocketTalk(Hub hub, Hub.Joined joined, Dialect dialect, boolean withIds) {
        this.hub = hub;
        this.joined = joined;
        this.listener = joined.listener();
        this.rhythm = hub.rhythm();
        this.dialect = dialect;
        this.withIds = withIds;
    }

    @Override
    public void close() {
        listener.end(End.GONE);
        listener.close();
    }

    @Override
    public void hold(WebSocket socket) {
        Thread.ofVirtual().name("live-commands").start(() -> listen(socket));
        long now = System.nanoTime();
        pingAt = now + rhythm.ping().toNanos();
        probeAt = now + rhythm.probe().toNanos();
        try {
            List<LiveEvent> first = new ArrayList<>(List.of(LiveEvent.ping(hub.now())));
            first.addAll(joined.missed(hub.now()));
            send(socket, first.stream().map(this::json).toList());
            while (listener.ended() == null) {
                talk(socket);
            }
            sayGoodbye(socket);
        } catch (RuntimeException left) {
            log.debug("a WebSocket broke off", left);
            listener.end(End.GONE);
        }
    }

    // ---- reading

    private void listen(WebSocket socket) {
        try {
            for (String text = socket.read(); text != null; text = socket.read()) {
                Command.read(text).ifPresent(this::obey);
            }
        } finally {
            listener.end(End.GONE);
        }
    }

    private void obey(Command command) {
        Receipt receipt = command.receipt();
        if (receipt != null && dialect != Dialect.GO) {
            dialect = Dialect.GO;
            listener.speaks(Dialect.GO);
        }
        if (command.verb() == Verb.PING) {
            answer(json(LiveEvent.ping(hub.now())));
            return;
        }
        String fault = receipt == null ? change(command) : faultOf(command, receipt);
        if (receipt != null) {
            answer(acknowledgement(command.verb(), receipt.requestId(), fault));
        }
    }

    private @Nullable String faultOf(Command command, Receipt receipt) {
        return receipt.fault() == null ? change(command) : receipt.fault();
    }

    /// Carries a subscription out; says why not if it cannot be.
    private @Nullable String change(Command command) {
        QueuePattern queue = command.filter().queue();
        Caller caller = listener.caller();
        if (queue != null && queue.isExact() && !caller.maySee(queue.text())) {
            return "This API key has no access to queue " + queue.text();
        }
        if (command.verb() == Verb.UNSUBSCRIBE) {
            subscriptions.remove(command.filter());
        } else if (subscriptions.size() >= SUBSCRIPTIONS_MAX) {
            return "A connection may have " + SUBSCRIPTIONS_MAX + " subscriptions";
        } else {
            subscriptions.add(command.filter());
        }
        listener.subscribe(subscriptions);
        return null;
    }

    private static byte[] acknowledgement(Verb verb, String requestId, @Nullable String fault) {
        String type = verb == Verb.UNSUBSCRIBE ? "unsubscribed" : "subscribed";
        return Json.write(to -> {
            to.text("type", fault == null ? type : "error").text("request_id", requestId);
            if (fault != null) {
                to.text("error", fault);
            }
        });
    }

    /// One who asks and does not take the answers is sent away.
    private void answer(byte[] json) {
        if (waitingAnswers.incrementAndGet() > ANSWERS_MAX) {
            hub.endSlow(listener);
            return;
        }
        answers.add(json);
        listener.wake();
    }

    // ---- writing

    private void talk(WebSocket socket) {
        var texts = new ArrayList<byte[]>();
        for (byte[] answer = answers.poll(); answer != null; answer = answers.poll()) {
            waitingAnswers.decrementAndGet();
            texts.add(answer);
        }
        int bytes = 0;
        for (Entry entry : listener.take(EVENTS_AT_ONCE)) {
            byte[] json = entry.event().json(dialect, withIds ? entry.place() : null);
            texts.add(json);
            bytes += json.length;
            if (bytes > BYTES_AT_ONCE) {
                send(socket, texts);
                texts.clear();
                bytes = 0;
            }
        }
        if (texts.isEmpty()) {
            rest(socket);
        } else {
            send(socket, texts);
        }
    }

    private void rest(WebSocket socket) {
        if (answers.isEmpty()) {
            listener.await(Math.min(pingAt, probeAt));
        }
        long now = System.nanoTime();
        if (now - pingAt >= 0) {
            pingAt = now + rhythm.ping().toNanos();
            send(socket, List.of(json(LiveEvent.ping(hub.now()))));
        }
        if (now - probeAt >= 0) {
            probeAt = now + rhythm.probe().toNanos();
            probe(socket, now);
        }
    }

    private void probe(WebSocket socket, long now) {
        if (now - socket.lastHeardNanos() > PROBES * rhythm.probe().toNanos()) {
            listener.end(End.SILENT);
            return;
        }
        listener.writing(true);
        socket.ping();
        listener.writing(false);
    }

    /// As in `SseStream`, others have their turn after each write.
    private void send(WebSocket socket, List<byte[]> texts) {
        listener.writing(true);
        socket.send(texts);
        listener.writing(false);
        hub.turns().pass();
    }

    private byte[] json(LiveEvent event) {
        return event.json(dialect, withIds ? listener.place() : null);
    }

    private void sayGoodbye(WebSocket socket) {
        switch (listener.ended()) {
            case SLOW, LOST -> socket.close(WebSocket.COME_BACK_LATER, "events were missed, come back");
            case REVOKED -> socket.close(WebSocket.NOT_ALLOWED, "the credential is not valid any more");
            case STOPPING -> socket.close(WebSocket.GOING_AWAY, "the server is stopping");
            case SILENT -> socket.close(WebSocket.GOING_AWAY, "no sign of life");
            case GONE -> {}
            case null -> {}
        }
    }
}
