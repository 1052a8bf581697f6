package dev.spooled.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class JsonTest {
    private static JsonObject object(String text) {
        return Json.object(text.getBytes(StandardCharsets.UTF_8));
    }

    private static Refusal refusal(Runnable work) {
        try {
            work.run();
        } catch (Refused refused) {
            return refused.refusal();
        }
        throw new AssertionError("nothing was refused");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1e400",
                "0.10",
                "-0",
                "-0.0",
                "1E+2",
                "123456789012345678901234567890",
                "3.14159265358979323846264338327950288419716939937510",
                "true",
                "null",
                "\"\"",
                "\"a b\"",
                "\"\\u00e9 \\ud83d\\ude00 \\n \\/ \\\" \\\\\"",
                "\"ä 😀 \u2028\"",
                "{\"b\":1,\"a\":2,\"b\":3}",
                "{\"\":{}}",
                "[1,[2,[]]]",
                "{\"a\":[{\"b\":[]}]}"
            })
    void keepsEveryTokenOfAPayload(String payload) {
        assertThat(object("{\"payload\":" + payload + "}").raw("payload")).isEqualTo(payload);
        assertThat(object("{ \"x\":1 ,\n\"payload\" :\t" + payload + " , \"y\" : 2 }")
                        .raw("payload"))
                .isEqualTo(payload);
        String nested = object("{\"jobs\":[{},{\"payload\": " + payload + " }]}")
                .objects("jobs")
                .get(1)
                .raw("payload");
        assertThat(nested).isEqualTo(payload);
    }

    @Test
    void takesOutWhiteSpaceOnlyBetweenTokens() {
        assertThat(object("{\"payload\": { \"a b\" : [ 1 , \"c \\\" d\" ] \r\n}}")
                        .raw("payload"))
                .isEqualTo("{\"a b\":[1,\"c \\\" d\"]}");
    }

    @Test
    void findsValuesBehindTextOfSeveralBytes() {
        assertThat(object("{\"ä😀\":\"😀\",\"payload\":{\"ü\":1},\"z\":7}").raw("payload"))
                .isEqualTo("{\"ü\":1}");
    }

    @Test
    void takesAnEmptyArrayForAnEmptyObject() {
        assertThat(object("{\"payload\":[ ]}").raw("payload")).isEqualTo("{}");
        assertThat(object("{\"tags\":[]}").objectOrNull("tags")).isEqualTo("{}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "nul",
                "[]",
                "1",
                "{",
                "{}x",
                "{} {}",
                "{\"a\":01}",
                "{\"a\":1.}",
                "{\"a\":NaN}",
                "{'a':1}",
                "{\"a\":1,}",
                "{\"a\":\"\t\"}",
                "{\"a\":\"\\x\"}",
                "{\"a\":\"\\u12\"}",
                "{\"a\":1,\"a\":2}",
                "{/*c*/}",
                "{\"payload\":{\"a\":}}",
                "{\"payload\":[1,2}"
            })
    void refusesWhatIsNoObject(String text) {
        assertThat(refusal(() -> object(text))).isInstanceOf(Refusal.InvalidJson.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"a\":\"\\u0000\"}",
                "{\"a\\u0000\":1}",
                "{\"payload\":{\"x\":[\"\\u0000\"]}}",
                "{\"a\":\"\\ud800\"}",
                "{\"a\":\"\\ud800x\"}",
                "{\"a\":\"\\ud800\\n\"}",
                "{\"a\":\"\\ud800\\ud800\\udc00\"}",
                "{\"a\":\"\\udc00\\ud800\"}",
                "{\"a\":\"\\uDFFF\"}"
            })
    void refusesNulAndLoneSurrogates(String text) {
        assertThat(refusal(() -> object(text))).isInstanceOf(Refusal.InvalidJson.class);
    }

    @Test
    void aBackslashBeforeUIsNoEscapeWhenItIsEscapedItself() {
        assertThat(object("{\"a\":\"\\\\u0000\"}").text("a")).isEqualTo("\\u0000");
    }

    @Test
    void refusesMalformedUtf8AndOtherEncodings() {
        byte[][] bodies = {
            {'{', '"', 'a', '"', ':', '"', (byte) 0xC0, (byte) 0x80, '"', '}'},
            {'{', '"', 'a', '"', ':', '"', (byte) 0xED, (byte) 0xA0, (byte) 0x80, '"', '}'},
            {'{', '"', 'a', '"', ':', '"', (byte) 0xFF, '"', '}'},
            {'{', '"', 'a', '"', ':', '"', 0, '"', '}'},
            "{\"a\":1}".getBytes(StandardCharsets.UTF_16LE),
            "{\"a\":1}".getBytes(StandardCharsets.UTF_16)
        };
        for (byte[] body : bodies) {
            assertThat(refusal(() -> Json.object(body))).isInstanceOf(Refusal.InvalidJson.class);
        }
    }

    @Test
    void boundsDepthAndNumbers() {
        String deep = "[".repeat(101) + "]".repeat(101);
        assertThat(object("{\"payload\":" + "[".repeat(100) + "1" + "]".repeat(100) + "}")
                        .raw("payload"))
                .hasSize(201);
        assertThat(refusal(() -> object("{\"payload\":{\"a\":{\"b\":" + deep + "}}}")))
                .isInstanceOf(Refusal.InvalidJson.class);
        String digits = "7".repeat(5_000);
        assertThat(object("{\"payload\":" + digits + "}").raw("payload")).isEqualTo(digits);
        assertThat(refusal(() -> object("{\"payload\":" + "7".repeat(20_000) + "}")))
                .isInstanceOf(Refusal.InvalidJson.class);
    }

    @Test
    void tellsAbsentFromNullFromValue() {
        JsonObject body = object("{\"a\":null,\"b\":0}");
        assertThat(body.has("a")).isFalse();
        assertThat(body.isNull("a")).isTrue();
        assertThat(body.isNull("c")).isFalse();
        assertThat(body.integerOrNull("a")).isNull();
        assertThat(body.integerOrNull("b")).isZero();
        assertThat(body.raw("a")).isEqualTo("null");
        assertThat(body.rawOrNull("a")).isNull();
        assertThatThrownBy(() -> body.raw("c")).isInstanceOf(Refused.class).hasMessageContaining("c is required");
        assertThatThrownBy(() -> body.text("a")).isInstanceOf(Refused.class);
        assertThatThrownBy(() -> body.text("b")).hasMessageContaining("b must be a string");
    }

    @Test
    void wholeNumbersBeyondIntComeAsTheNearestInt() {
        JsonObject body = object("{\"a\":99999999999999999999999,\"b\":-2147483649,\"c\":1.0,\"d\":1e2}");
        assertThat(body.integerOrNull("a")).isEqualTo(Integer.MAX_VALUE);
        assertThat(body.integerOrNull("b")).isEqualTo(Integer.MIN_VALUE);
        assertThat(refusal(() -> body.integerOrNull("c"))).isInstanceOf(Refusal.InvalidJson.class);
        assertThat(refusal(() -> body.integerOrNull("d"))).isInstanceOf(Refusal.InvalidJson.class);
    }

    @Test
    void readsTimesWithAnyOffset() {
        JsonObject body = object("{\"a\":\"2026-01-05T12:00:00.123456789+02:00\",\"b\":\"2026-01-05\",\"c\":\"\"}");
        assertThat(body.timeOrNull("a")).isEqualTo(Instant.parse("2026-01-05T10:00:00.123456789Z"));
        assertThat(refusal(() -> body.timeOrNull("b"))).isInstanceOf(Refusal.Invalid.class);
        assertThat(refusal(() -> body.timeOrNull("c"))).isInstanceOf(Refusal.Invalid.class);
    }

    @Test
    void toleratesEmptyBodiesWhereABodyIsOptional() {
        for (String text : new String[] {"", " ", "null", "[]", "{}"}) {
            assertThat(Json.objectOrEmpty(text.getBytes(StandardCharsets.UTF_8)).has("reason"))
                    .isFalse();
        }
        assertThat(Json.objectOrEmpty("{\"reason\":\"x\"}".getBytes(StandardCharsets.UTF_8))
                        .text("reason"))
                .isEqualTo("x");
    }

    @Test
    void writesNullsTimesAndRawText() {
        byte[] text = Json.write(to -> to.text("a", null)
                .time("t", Instant.parse("2026-01-05T10:00:30.000120Z"))
                .raw("p", "{\"n\":1e400}")
                .object("o", inner -> inner.flag("f", true))
                .texts("l", java.util.List.of("x", "ä\n")));
        assertThat(new String(text, StandardCharsets.UTF_8))
                .isEqualTo("{\"a\":null,\"t\":\"2026-01-05T10:00:30.000120Z\",\"p\":{\"n\":1e400},"
                        + "\"o\":{\"f\":true},\"l\":[\"x\",\"ä\\n\"]}");
    }
}
