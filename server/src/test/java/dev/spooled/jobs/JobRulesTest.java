package dev.spooled.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spooled.json.Json;
import dev.spooled.json.JsonObject;
import dev.spooled.refusal.Refused;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

final class JobRulesTest {
    @Test
    void claimsAreBroughtIntoTheirRanges() {
        var claim = ClaimRequest.of("q", "w", 1_000, 1, 600);
        assertThat(claim).isEqualTo(new ClaimRequest("q", "w", 100, 5, 25));
        assertThat(ClaimRequest.of("q", "w", null, null, null)).isEqualTo(new ClaimRequest("q", "w", 1, 30, 0));
        assertThatThrownBy(() -> ClaimRequest.of("q", "", 1, 1, 1)).isInstanceOf(Refused.class);
    }

    @Test
    void errorsAreCutAtACharacter() {
        assertThat(Utf8.truncated("ää", 3)).isEqualTo("ä");
        assertThat(Utf8.truncated("a😀", 4)).isEqualTo("a");
        assertThat(Utf8.truncated("a😀", 5)).isEqualTo("a😀");
        assertThat(Utf8.truncated("abc", 3)).isEqualTo("abc");
        assertThat(Utf8.longerThan("äää", 5)).isTrue();
        assertThat(Utf8.longerThan("äää", 6)).isFalse();
    }

    @Test
    void tagsHoldNoNumbersTheDatabaseCannot() {
        assertThatCode(() -> tags("{\"e\":\"1e9999\",\"a\":1e400,\"b\":[true,false],\"c\":1E-5}"))
                .doesNotThrowAnyException();
        assertThatThrownBy(() -> tags("{\"a\":1e1001}")).isInstanceOf(Refused.class);
        assertThatThrownBy(() -> tags("{\"a\":1E+999999999999999999999}")).isInstanceOf(Refused.class);
        assertThatThrownBy(() -> tags("\"" + "x".repeat(70_000) + "\"")).isInstanceOf(Refused.class);
    }

    private static Tags tags(String json) {
        return new Tags(json, List.of());
    }

    private static List<String> terms(JsonObject request) {
        return Objects.requireNonNull(Tags.of(request)).terms();
    }

    @Test
    void tagsAreFoundByKeyAndByKeyAndValue() {
        var object = Json.object(
                "{\"tags\":{\"env\":\"prod\",\"n\":1.0,\"deep\":{\"x\":1}}}".getBytes(StandardCharsets.UTF_8));
        assertThat(terms(object)).containsExactly("env", "env:prod", "n", "n:1.0", "deep");
        var array = Json.object("{\"tags\":[\"a\",\"b\",1]}".getBytes(StandardCharsets.UTF_8));
        assertThat(terms(array)).containsExactly("a", "b");
        assertThat(Tags.of(Json.object("{\"tags\":null}".getBytes(StandardCharsets.UTF_8))))
                .isNull();
    }
}
