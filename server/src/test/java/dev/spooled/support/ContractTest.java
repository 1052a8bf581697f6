package dev.spooled.support;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpHeaders;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// The judge of answers is no rubber stamp.
class ContractTest {
    private static final String ENQUEUED = "{\"id\":\"x\",\"created\":true}";

    private static List<String> faults(int status, String type, String body) {
        var headers = HttpHeaders.of(
                Map.of("X-Request-Id", List.of("r"), "X-API-Version", List.of("1"), "Content-Type", List.of(type)),
                (name, value) -> true);
        return Contract.read().faults("POST", "/api/v1/jobs", new Contract.Answer(status, headers, body));
    }

    @Test
    void aRightAnswerPasses() {
        assertThat(faults(201, "application/json", ENQUEUED)).isEmpty();
    }

    @Test
    void membersThatLackOrAreNotDescribedOrOfAnotherTypeAreFaults() {
        assertThat(faults(201, "application/json", "{\"id\":\"x\"}")).isNotEmpty();
        assertThat(faults(201, "application/json", "{\"id\":\"x\",\"created\":true,\"more\":1}"))
                .isNotEmpty();
        assertThat(faults(201, "application/json", "{\"id\":1,\"created\":true}"))
                .isNotEmpty();
    }

    @Test
    void otherStatusesAndContentTypesAreFaults() {
        assertThat(faults(202, "application/json", ENQUEUED)).isNotEmpty();
        assertThat(faults(201, "text/plain", ENQUEUED)).isNotEmpty();
    }

    @Test
    void headersOfEveryAnswerAreMissed() {
        var bare = HttpHeaders.of(Map.of("Content-Type", List.of("application/json")), (name, value) -> true);
        assertThat(Contract.read().faults("POST", "/api/v1/jobs", new Contract.Answer(201, bare, ENQUEUED)))
                .hasSize(2);
    }

    @Test
    void operationsNobodyDescribedAreFaults() {
        var none = HttpHeaders.of(Map.of(), (name, value) -> true);
        assertThat(Contract.read().faults("POST", "/api/v1/nowhere", new Contract.Answer(200, none, "{}")))
                .anyMatch(fault -> fault.startsWith("no such operation"));
    }
}
