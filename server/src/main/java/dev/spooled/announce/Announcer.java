package dev.spooled.announce;

/// Takes announcements. Returns at once and never fails, whoever listens.
public interface Announcer {
    Announcer NOBODY = new Announcer() {
        @Override
        public boolean isHeardBy(int org) {
            return false;
        }

        @Override
        public void announce(Announcement news) {}
    };

    /// Whether anybody of the organization listens: for those to whom it costs something to know what to say.
    boolean isHeardBy(int org);

    void announce(Announcement news);
}
