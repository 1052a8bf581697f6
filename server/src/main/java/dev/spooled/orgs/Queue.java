package dev.spooled.orgs;

/// A queue as jobs need it: its internal number and what a job gets that does not say.
public record Queue(int number, String name, short maxRetries, int defaultTimeoutSeconds) {}
