package dev.spooled.bus;

import java.util.function.Consumer;

/// Tells the other nodes. What is published reaches each of them at most once, in the order of its publisher, and never
/// the publisher itself. It may be lost (a node, a link or a reader fell behind): then subscribers are told so, and
/// whatever hangs on it is found by a sweep. Safe for any number of threads.
public interface Bus extends AutoCloseable {
    /// Of a node that is all by itself.
    Bus ALONE = new Alone();

    enum State {
        OK,
        DEGRADED
    }

    /// Hears of one kind of message, on a thread of its own: it may take its time without holding up others.
    interface Subscriber<M extends Message> {
        void heard(M message);

        /// Some messages may not have come.
        void missed();
    }

    /// Returns at once, whatever the state of the bus. Sends nothing while nobody else lives.
    void publish(Message message);

    <M extends Message> void subscribe(Class<M> kind, Subscriber<M> subscriber);

    /// For who can do without what was missed, since it finds that by itself in time.
    static <M extends Message> void onEach(Bus bus, Class<M> kind, Consumer<M> work) {
        bus.subscribe(kind, new Subscriber<>() {
            @Override
            public void heard(M message) {
                work.accept(message);
            }

            @Override
            public void missed() {}
        });
    }

    /// Whether other nodes live, as far as is known: for those to whom it costs something to know what to say.
    boolean hasOthers();

    /// The longest `Message.Happened` that is carried, in bytes; what is longer is lost.
    int largest();

    State state();

    @Override
    void close();

    /// Sends and hears nothing.
    final class Alone implements Bus {
        private Alone() {}

        @Override
        public void publish(Message message) {}

        @Override
        public <M extends Message> void subscribe(Class<M> kind, Subscriber<M> subscriber) {}

        @Override
        public boolean hasOthers() {
            return false;
        }

        @Override
        public int largest() {
            return Integer.MAX_VALUE;
        }

        @Override
        public State state() {
            return State.OK;
        }

        @Override
        public void close() {}
    }
}
