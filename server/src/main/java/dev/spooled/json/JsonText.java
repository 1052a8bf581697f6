package dev.spooled.json;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/// JSON as bytes: what no database may ever see is refused, and white space between tokens is taken out without
/// touching a token.
final class JsonText {
    private JsonText() {}

    /// Refuses malformed UTF-8, U+0000 and surrogates that are not a pair, however they are spelled. Grammar is the
    /// parser's business.
    static void check(byte[] text) {
        boolean ascii = true;
        boolean escapes = false;
        boolean nul = false;
        for (byte b : text) {
            ascii &= b >= 0;
            escapes |= b == '\\';
            nul |= b == 0;
        }
        if (nul) {
            throw Json.malformed("The body holds a zero byte, which no JSON text in UTF-8 has");
        }
        if (!ascii) {
            checkUtf8(text);
        }
        if (escapes) {
            checkEscapes(text);
        }
    }

    /// The value between `start` and `end`, token for token, without white space around tokens.
    static String compact(byte[] source, int start, int end) {
        byte[] to = new byte[end - start];
        int size = 0;
        boolean inString = false;
        for (int i = start; i < end; i++) {
            byte b = source[i];
            if (inString) {
                to[size++] = b;
                if (b == '\\') {
                    to[size++] = source[++i];
                } else if (b == '"') {
                    inString = false;
                }
            } else if (b > ' ') {
                to[size++] = b;
                inString = b == '"';
            }
        }
        return new String(to, 0, size, StandardCharsets.UTF_8);
    }

    private static void checkUtf8(byte[] text) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(text));
        } catch (CharacterCodingException e) {
            throw Json.malformed("The body is not valid UTF-8");
        }
    }

    /// A backslash stands only inside strings, so the scan needs no grammar.
    private static void checkEscapes(byte[] text) {
        boolean awaitsLow = false;
        for (int i = 0; i < text.length; i++) {
            int unit = text[i] == '\\' ? escaped(text, i) : -1;
            if (awaitsLow != (unit >= 0xDC00 && unit <= 0xDFFF)) {
                throw Json.malformed("The body holds a lone surrogate, which is no character");
            }
            if (unit == 0) {
                throw Json.malformed("The body holds the character U+0000, which cannot be stored");
            }
            awaitsLow = unit >= 0xD800 && unit <= 0xDBFF;
            if (text[i] == '\\') {
                i += unit >= 0 ? 5 : 1;
            }
        }
    }

    /// The UTF-16 unit of a backslash-u escape at `at`, else -1.
    private static int escaped(byte[] text, int at) {
        if (at + 5 >= text.length || text[at + 1] != 'u') {
            return -1;
        }
        int unit = 0;
        for (int i = at + 2; i < at + 6; i++) {
            int digit = Character.digit(text[i], 16);
            if (digit < 0) {
                return -1;
            }
            unit = unit << 4 | digit;
        }
        return unit;
    }
}
