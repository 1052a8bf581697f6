package dev.spooled.conformance.check;

import java.util.List;

/// What a check came to: how many cases it looked at, and a sentence for each that breaks its promise.
public record Verdict(String check, String promise, int looked, List<String> broken) {
    public boolean isKept() {
        return broken.isEmpty();
    }

    public String text() {
        String sum = !isKept() ? broken.size() + " BROKEN of" : looked == 0 ? "not seen," : "kept in";
        return "%-26s %-4s %s %d".formatted(check, promise, sum, looked);
    }
}
