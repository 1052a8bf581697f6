package dev.spooled;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.Contract;
import dev.spooled.support.Examples;
import dev.spooled.support.Examples.Exchange;
import dev.spooled.support.TestServer;
import java.util.ArrayList;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The recorded exchanges of contract/examples, played again: what the server answers is what is written there, member
/// for member. With `-Dexamples.record=true` the answers are written instead; read the difference before keeping it.
class ExamplesTest {
    private static final Set<String> NOUNS = Set.of("jobs", "queues", "workers", "api-keys", "workflows", "schedules");
    private static final boolean RECORD = Boolean.getBoolean("examples.record");

    @ParameterizedTest
    @ValueSource(strings = {"jobs", "queues", "workers", "api-keys", "workflows", "schedules"})
    void answersAreAsRecorded(String noun) {
        var examples = Examples.of(noun);
        var differences = new ArrayList<String>();
        try (var server = new TestServer()) {
            for (Exchange exchange : examples.exchanges()) {
                server.clock.advance(exchange.after());
                server.chores.promote().runOnce();
                var request = examples.filled(exchange);
                var answer = server.call(
                        request.by() == null ? server.key : request.by(),
                        request.method(),
                        request.path().substring("/api/v1".length()),
                        request.body());
                if (RECORD) {
                    examples.record(exchange, answer.statusCode(), answer.body());
                } else {
                    differences.addAll(examples.differences(exchange, answer.statusCode(), answer.body()));
                }
            }
        }
        if (RECORD) {
            examples.write();
        }
        assertThat(differences).isEmpty();
    }

    @Test
    void everyOperationOfTheseNounsHasAnExample() {
        var missing = new TreeSet<>(Contract.read().operationsOf(NOUNS));
        for (String noun : NOUNS) {
            for (Exchange exchange : Examples.of(noun).exchanges()) {
                Contract.read()
                        .operationOf(
                                exchange.request().method(), exchange.request().path())
                        .ifPresent(missing::remove);
            }
        }
        assertThat(missing).isEmpty();
    }
}
