package dev.spooled.engine;

import java.util.List;

/// Hears of the changes that a lane commits. Called by the lane's own thread, in commit order: it must return at once.
///
/// Changes of a batch whose answer was lost on the way from the database are not told, though they happened: what must
/// not be missed is in the outbox.
public interface JobWatcher {
    JobWatcher NOBODY = new JobWatcher() {
        @Override
        public boolean isWatching() {
            return false;
        }

        @Override
        public void moved(List<JobMove> moves) {}
    };

    /// Whether the next batch should collect its changes at all.
    boolean isWatching();

    void moved(List<JobMove> moves);
}
