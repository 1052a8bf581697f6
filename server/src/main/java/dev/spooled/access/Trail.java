package dev.spooled.access;

/// Told of every change asked for at a door that is worth keeping: who asked for what, on what, from where, and what
/// was answered. Called before the answer leaves.
public interface Trail {
    /// `org` says whose entry it is: the internal number, `SERVER` for the operator's. `action` is
    /// the method and the route's
    /// template, `target` the path asked for, `origin` the caller's address, `status` the answer's.
    record Entry(int org, String actor, String action, String target, String origin, int status) {
        public static final int SERVER = 0;
    }

    void keep(Entry entry);
}
