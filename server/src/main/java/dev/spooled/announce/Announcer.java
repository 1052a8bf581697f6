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

    /// The same, and `after` each announcement that is run, whoever listens. It returns at once and never fails, too.
    default Announcer andThen(Runnable after) {
        Announcer first = this;
        return new Announcer() {
            @Override
            public boolean isHeardBy(int org) {
                return first.isHeardBy(org);
            }

            @Override
            public void announce(Announcement news) {
                first.announce(news);
                after.run();
            }
        };
    }
}
