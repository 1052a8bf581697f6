package dev.spooled.grpc;

import com.google.protobuf.MessageLite;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The sending side of a stream. One thread sends; it can wait until all that was sent has left this process
/// for the client, and tell what had not when the client went away.
///
/// The transport says "ready" each time its buffer has run empty, in order with the end of the call. With one
/// message under way that word is about this message. With several it may be late, about one of the earlier
/// ones, and counts only if the buffer is still empty.
final class Outlet<M extends MessageLite> {
    private static final Logger LOG = LoggerFactory.getLogger(Outlet.class);
    private static final int EMPTY = 1;

    private final ServerCallStreamObserver<M> to;
    private long sent;
    private long left;
    private long untakenBytes;
    private boolean gone;
    private final Runnable onEnd;

    /// `onEnd` runs when the call has ended, whoever ended it.
    Outlet(ServerCallStreamObserver<M> to, Runnable onEnd) {
        this.to = to;
        this.onEnd = onEnd;
        to.setOnReadyThreshold(EMPTY);
        to.setOnReadyHandler(this::ready);
        to.setOnCancelHandler(this::end);
        to.setOnCloseHandler(this::end);
    }

    /// Queues the message and answers its number. Nothing happens when the client has gone.
    long send(M message) {
        synchronized (this) {
            sent++;
            untakenBytes += message.getSerializedSize();
        }
        to.onNext(message);
        return sent;
    }

    /// Waits until all that was sent has left and more can be taken. False when the client has gone.
    synchronized boolean awaitEmpty() {
        while (!gone && !(left == sent && to.isReady())) {
            await(0);
        }
        return !gone;
    }

    /// Passes time, less when the client goes away. False when it has.
    synchronized boolean pause(Duration time) {
        long end = System.nanoTime() + time.toNanos();
        for (long more = time.toNanos(); !gone && more > 0; more = end - System.nanoTime()) {
            await(more / 1_000_000 + 1);
        }
        return !gone;
    }

    /// The number that the next message sent will have.
    synchronized long nextNumber() {
        return sent + 1;
    }

    /// Bytes sent since all had left.
    synchronized long untakenBytes() {
        return untakenBytes;
    }

    synchronized boolean hasLeft(long number) {
        return left >= number;
    }

    synchronized boolean isGone() {
        return gone;
    }

    void complete() {
        close(to::onCompleted);
    }

    void fail(StatusRuntimeException why) {
        close(() -> to.onError(why));
    }

    private void close(Runnable how) {
        if (!isGone()) {
            try {
                how.run();
            } catch (IllegalStateException e) {
                LOG.debug("the call was already closed", e);
            }
        }
    }

    private synchronized void ready() {
        if (sent - left == 1 || to.isReady()) {
            left = sent;
            untakenBytes = 0;
        }
        notifyAll();
    }

    private void end() {
        synchronized (this) {
            gone = true;
            notifyAll();
        }
        onEnd.run();
    }

    private void await(long millis) {
        try {
            wait(millis);
        } catch (InterruptedException e) {
            gone = true;
            Thread.currentThread().interrupt();
        }
    }
}
