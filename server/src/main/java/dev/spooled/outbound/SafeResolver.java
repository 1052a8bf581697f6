package dev.spooled.outbound;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Looks names up for webhooks and lets through only what `Targets` permits. A lookup blocks its thread in the
/// C library, so it has threads of its own, a bounded number; whoever asks waits a bounded time and together
/// with others who ask for the same name.
public final class SafeResolver implements AutoCloseable {
    private static final int THREADS = 16;
    private static final int WAITING_MAX = 1_000;

    /// All addresses of a name, unjudged.
    public interface Lookup {
        InetAddress[] of(String host) throws UnknownHostException;
    }

    private final Targets targets;
    private final Lookup lookup;
    private final Duration patience;
    private final ExecutorService threads = new ThreadPoolExecutor(
            THREADS,
            THREADS,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(WAITING_MAX),
            Thread.ofPlatform().daemon().name("lookup-", 0).factory());
    private final Map<String, CompletableFuture<List<InetAddress>>> underWay = new ConcurrentHashMap<>();

    public SafeResolver(Targets targets, Lookup lookup, Duration patience) {
        this.targets = targets;
        this.lookup = lookup;
        this.patience = patience;
    }

    /// What may be dialled for the host, and nothing else.
    public List<InetAddress> permitted(String host) throws UnknownHostException {
        var literal = Literal.address(host);
        return targets.permitted(host, literal.isPresent() ? List.of(literal.get()) : lookedUp(host));
    }

    private List<InetAddress> lookedUp(String host) throws UnknownHostException {
        try {
            return started(host).get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof UnknownHostException unknown ? unknown : new UnknownHostException(host);
        } catch (TimeoutException | RejectedExecutionException e) {
            throw new UnknownHostException(host + ": the name server does not answer");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UnknownHostException(host);
        }
    }

    private CompletableFuture<List<InetAddress>> started(String host) {
        var mine = new CompletableFuture<List<InetAddress>>();
        CompletableFuture<List<InetAddress>> first = underWay.putIfAbsent(host, mine);
        if (first != null) {
            return first;
        }
        try {
            threads.execute(() -> lookUp(host, mine));
        } catch (RejectedExecutionException e) {
            underWay.remove(host, mine);
            mine.completeExceptionally(new UnknownHostException(host));
        }
        return mine;
    }

    private void lookUp(String host, CompletableFuture<List<InetAddress>> answer) {
        try {
            answer.complete(List.of(lookup.of(host)));
        } catch (UnknownHostException | RuntimeException e) {
            answer.completeExceptionally(e);
        } finally {
            underWay.remove(host, answer);
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
