package dev.spooled.conformance.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.conformance.history.Story;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// The judge judged: histories made by hand, in `histories.txt`. Each bad one must break the check it is named after,
/// each good one must break none although the check has looked at it.
class ChecksTest {
    private record Case(String check, boolean good, String what, List<String> lines) {}

    @TestFactory
    Stream<DynamicTest> histories() {
        return cases().stream()
                .map(one -> DynamicTest.dynamicTest(
                        one.check() + (one.good() ? " good: " : " bad: ") + one.what(), () -> judge(one)));
    }

    private static void judge(Case one) {
        Map<String, Verdict> verdicts = Checks.judge(Story.of(one.lines().stream())).stream()
                .collect(Collectors.toMap(Verdict::check, verdict -> verdict));
        assertThat(verdicts).containsKey(one.check());
        Verdict verdict = Objects.requireNonNull(verdicts.get(one.check()));
        if (one.good()) {
            assertThat(verdicts.values())
                    .allSatisfy(it -> assertThat(it.broken()).isEmpty());
            assertThat(verdict.looked()).isPositive();
        } else {
            assertThat(verdict.broken()).as(verdict.toString()).isNotEmpty();
        }
    }

    @Test
    void everyCheckHasAHistoryThatBreaksItAndOneThatDoesNot() {
        Map<String, List<Boolean>> seen = new LinkedHashMap<>();
        cases().forEach(one ->
                seen.computeIfAbsent(one.check(), name -> new ArrayList<>()).add(one.good()));
        assertThat(seen.keySet())
                .containsAll(Checks.ALL.stream().map(Check::name).toList());
        assertThat(seen).allSatisfy((name, kinds) -> assertThat(kinds).as(name).contains(true, false));
    }

    /// `## check good|bad: what it is` begins a history; its lines are those of a history file, in short form.
    private static List<Case> cases() {
        var cases = new ArrayList<Case>();
        for (String line : resource().lines().toList()) {
            if (line.startsWith("## ")) {
                String[] words = line.substring(3).split(" ", 3);
                cases.add(new Case(words[0], words[1].startsWith("good"), words[2], new ArrayList<>()));
            } else if (line.startsWith("{")) {
                cases.getLast().lines().add(line);
            }
        }
        return cases;
    }

    private static String resource() {
        try (InputStream file = ChecksTest.class.getResourceAsStream("histories.txt")) {
            assertThat(file).isNotNull();
            return new String(file.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
