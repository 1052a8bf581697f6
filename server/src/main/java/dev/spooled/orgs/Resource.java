package dev.spooled.orgs;

import java.util.Locale;

/// What a plan caps: the cap's name among the limits, and the name of what is used of it.
public enum Resource {
    JOBS_PER_DAY("jobs_today"),
    ACTIVE_JOBS("active_jobs"),
    QUEUES("queues"),
    WORKERS("workers"),
    API_KEYS("api_keys"),
    SCHEDULES("schedules"),
    WORKFLOWS("workflows"),
    WEBHOOKS("webhooks");

    private final String usage;

    Resource(String usage) {
        this.usage = usage;
    }

    /// The name of the cap, as in `max_jobs_per_day`.
    public String cap() {
        return "max_" + word();
    }

    /// The name in refusals.
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// The name of what is used, as in `jobs_today`.
    public String usage() {
        return usage;
    }
}
