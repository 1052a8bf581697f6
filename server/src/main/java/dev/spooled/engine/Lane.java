package dev.spooled.engine;

/// The one writer of live jobs on this node: takes all commands that wait, writes them in one transaction, then answers
/// each caller.
public final class Lane implements AutoCloseable {
    /// Hands the command to the lane and waits for its answer. Throws `Refused` (`Unavailable` when too much waits or
    /// the server stops).
    public <R> R run(Command<R> command) {
        throw new IllegalStateException("the lane is not running: " + command);
    }

    @Override
    public void close() {}
}
