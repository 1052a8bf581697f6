package dev.spooled.bench;

import org.jspecify.annotations.Nullable;

/// Where the jobs of a run went. Every job whose enqueue was acknowledged must have been completed or still be there;
/// requests in doubt may tip the balance by their own number, nothing else may.
///
/// @param remaining jobs found in the queues after the run
/// @param countedInFull false when counting ran out of time
record Account(
        long acknowledged,
        long completed,
        long remaining,
        long declined,
        long inDoubt,
        boolean countedInFull,
        @Nullable String firstFault) {
    boolean balanced() {
        return countedInFull && acknowledged == completed + remaining;
    }

    String text() {
        var line = "account: %,d acknowledged, %,d completed + %,d remaining: %s"
                .formatted(acknowledged, completed, remaining, verdict());
        var faults = firstFault == null
                ? ""
                : "%n  %,d requests declined, %,d in doubt; the first: %s".formatted(declined, inDoubt, firstFault);
        return line + faults;
    }

    private String verdict() {
        if (!countedInFull) {
            return "not counted to the end";
        }
        return balanced() ? "balanced" : "off by " + (acknowledged - completed - remaining);
    }
}
