package dev.spooled.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// What a client got on a stream, and how the stream ended. One that reads by hand gets nothing before it asks.
final class Received<Q, M> implements ClientResponseObserver<Q, M> {
    private static final long PATIENCE_SECONDS = 10;

    private final boolean byHand;
    private final BlockingQueue<M> messages = new LinkedBlockingQueue<>();
    private final CompletableFuture<Status> end = new CompletableFuture<>();
    private volatile @Nullable ClientCallStreamObserver<Q> call;

    private Received(boolean byHand) {
        this.byHand = byHand;
    }

    static <Q, M> Received<Q, M> all() {
        return new Received<>(false);
    }

    static <Q, M> Received<Q, M> byHand() {
        return new Received<>(true);
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<Q> started) {
        call = started;
        if (byHand) {
            started.disableAutoRequestWithInitial(0);
        }
    }

    void read(int count) {
        Objects.requireNonNull(call).request(count);
    }

    void cancel() {
        Objects.requireNonNull(call).cancel("the test has seen enough", null);
    }

    M next() {
        try {
            M message = messages.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertThat(message).as("nothing came; the stream: " + end).isNotNull();
            return Objects.requireNonNull(message);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    List<M> next(int count) {
        var found = new ArrayList<M>();
        for (int i = 0; i < count; i++) {
            found.add(next());
        }
        return found;
    }

    /// Nothing comes for so long.
    void assertQuiet(long millis) {
        try {
            assertThat(messages.poll(millis, TimeUnit.MILLISECONDS)).isNull();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    boolean isOpen() {
        return !end.isDone();
    }

    /// The status that the stream ended with.
    Status end() {
        return end.orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join();
    }

    @Override
    public void onNext(M message) {
        messages.add(message);
    }

    @Override
    public void onError(Throwable failure) {
        end.complete(Status.fromThrowable(failure));
    }

    @Override
    public void onCompleted() {
        end.complete(Status.OK);
    }
}
