package dev.spooled.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spooled.web.WebSocketFrames.Broken;
import dev.spooled.web.WebSocketFrames.Incoming;
import io.helidon.common.buffers.DataReader;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The codec against bytes made by hand.
final class WebSocketFramesTest {
    private static WebSocketFrames reading(byte[] bytes) {
        Iterator<byte[]> once = List.of(bytes).iterator();
        return new WebSocketFrames(DataReader.create(() -> once.hasNext() ? once.next() : null));
    }

    private static WebSocketFrames reading(String hex) {
        return reading(HexFormat.of().parseHex(hex.replace(" ", "")));
    }

    /// A client's frame of that first byte.
    private static byte[] masked(int first, byte[] payload) {
        var out = new ByteArrayOutputStream();
        out.write(first);
        if (payload.length < 126) {
            out.write(0x80 | payload.length);
        } else if (payload.length < 0x10000) {
            out.write(0x80 | 126);
            out.write(payload.length >> 8);
            out.write(payload.length);
        } else {
            out.write(0x80 | 127);
            for (int shift = 56; shift >= 0; shift -= 8) {
                out.write((int) ((long) payload.length >> shift));
            }
        }
        byte[] mask = {1, 2, 3, 4};
        out.writeBytes(mask);
        for (int i = 0; i < payload.length; i++) {
            out.write(payload[i] ^ mask[i & 3]);
        }
        return out.toByteArray();
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] together(byte[]... parts) {
        var all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    @Test
    void theExampleOfTheRfcIsRead() {
        assertThat(reading("81 85 37fa213d 7f9f4d5158").next()).isEqualTo(new Incoming.Text("Hello"));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 125, 126, 127, 65_535, 65_536})
    void lengthsOfEveryFormAreRead(int length) {
        String text = "x".repeat(length);
        assertThat(reading(masked(0x81, utf8(text))).next()).isEqualTo(new Incoming.Text(text));
    }

    @Test
    void fragmentsMakeAMessageWithControlFramesBetween() {
        byte[] euro = utf8("€");
        var frames = reading(together(
                masked(0x01, new byte[] {euro[0]}),
                masked(0x89, utf8("p")),
                masked(0x00, new byte[] {euro[1]}),
                masked(0x80, new byte[] {euro[2]}),
                masked(0x81, utf8("next"))));
        assertThat(frames.next()).isEqualTo(new Incoming.Part());
        assertThat(frames.next()).isInstanceOf(Incoming.Ping.class);
        assertThat(frames.next()).isEqualTo(new Incoming.Part());
        assertThat(frames.next()).isEqualTo(new Incoming.Text("€"));
        assertThat(frames.next()).isEqualTo(new Incoming.Text("next"));
    }

    @ParameterizedTest
    @CsvSource({
        "1002, 81 05 48656c6c6f, not masked",
        "1002, c1 80 01020304, a reserved bit",
        "1002, 83 80 01020304, an unknown opcode",
        "1002, 8b 80 01020304, an unknown control opcode",
        "1002, 09 80 01020304, a fragmented ping",
        "1002, 89 fe 007e 01020304, a ping of 126 bytes",
        "1002, 80 80 01020304, a continuation of nothing",
        "1002, 81 fe 007d 01020304, a length not in its shortest form",
        "1002, 81 ff 000000000000ffff 01020304, a length not in its shortest form",
        "1002, 81 ff 8000000000000000 01020304, a negative length",
        "1009, 81 ff 0000000000010001 01020304, too long",
        "1007, 81 81 00000000 ff, not UTF-8",
        "1007, 81 83 00000000 eda080, half a surrogate pair",
        "1002, 88 81 00000000 03, half a close code",
        "1002, 88 82 00000000 03ed, a close code nobody sends",
        "1002, 88 82 00000000 03e7, a close code below all",
        "1007, 88 83 00000000 03e8ff, a close reason that is no text",
    })
    void whatTheRfcForbidsIsRefused(int code, String hex, String why) {
        assertThatThrownBy(() -> reading(hex).next())
                .as(why)
                .isInstanceOfSatisfying(Broken.class, e -> assertThat(e.code()).isEqualTo(code));
    }

    @Test
    void aTextWithinAnotherIsRefused() {
        var frames = reading(together(masked(0x01, utf8("a")), masked(0x81, utf8("b"))));
        assertThat(frames.next()).isEqualTo(new Incoming.Part());
        assertThatThrownBy(frames::next)
                .isInstanceOfSatisfying(Broken.class, e -> assertThat(e.code()).isEqualTo(1002));
    }

    @Test
    void fragmentsAreBoundedTogether() {
        byte[] half = new byte[40_000];
        var frames = reading(together(masked(0x02, half), masked(0x80, half)));
        assertThat(frames.next()).isEqualTo(new Incoming.Part());
        assertThatThrownBy(frames::next)
                .isInstanceOfSatisfying(Broken.class, e -> assertThat(e.code()).isEqualTo(1009));
    }

    @ParameterizedTest
    @CsvSource({"88 80 00000000, 1005", "88 82 00000000 03e8, 1000", "88 82 00000000 0fa1, 4001"})
    void closesAreRead(String hex, int code) {
        assertThat(reading(hex).next()).isEqualTo(new Incoming.Close(code));
    }

    @Test
    void framesAreWrittenAsTheRfcHasThem() {
        var out = new ByteArrayOutputStream();
        WebSocketFrames.text(utf8("Hello"), out);
        WebSocketFrames.ping(out);
        WebSocketFrames.pong(utf8("x"), out);
        WebSocketFrames.close(1008, "no", out);
        WebSocketFrames.close(1005, "", out);
        assertThat(HexFormat.of().formatHex(out.toByteArray()))
                .isEqualTo("810548656c6c6f" + "8900" + "8a0178" + "880403f06e6f" + "8800");
        out.reset();
        WebSocketFrames.text(new byte[126], out);
        assertThat(HexFormat.of().formatHex(out.toByteArray(), 0, 4)).isEqualTo("817e007e");
        out.reset();
        WebSocketFrames.text(new byte[0x10000], out);
        assertThat(HexFormat.of().formatHex(out.toByteArray(), 0, 10)).isEqualTo("817f0000000000010000");
    }
}
