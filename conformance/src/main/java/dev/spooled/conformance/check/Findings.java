package dev.spooled.conformance.check;

import java.util.ArrayList;
import java.util.List;

/// What a check writes down as it looks.
final class Findings {
    private final List<String> broken = new ArrayList<>();
    private int looked;

    /// One case more; `sentence` says what is wrong when `kept` is false.
    void look(boolean kept, String sentence) {
        looked++;
        if (!kept) {
            broken.add(sentence);
        }
    }

    Verdict verdict(String check, String promise) {
        return new Verdict(check, promise, looked, List.copyOf(broken));
    }
}
