package dev.spooled.conformance.check;

import java.util.function.BiConsumer;

/// A promise as a question to a story.
record Check(String name, String promise, BiConsumer<Facts, Findings> question) {
    Verdict ask(Facts facts) {
        var findings = new Findings();
        question.accept(facts, findings);
        return findings.verdict(name, promise);
    }
}
