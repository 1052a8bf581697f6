package dev.spooled.bench;

import java.util.ArrayList;
import java.util.List;

/// Picks members out of an answer by name without parsing it: enough for answers whose strings hold no quotes, and far
/// cheaper than a parser beside the server under test.
final class JsonScan {
    private JsonScan() {}

    /// The values of every string member called `name`, in order.
    static List<String> strings(String json, String name) {
        var found = new ArrayList<String>();
        for (int at = valueAfter(json, name, 0); at >= 0; at = valueAfter(json, name, at)) {
            int end = json.indexOf('"', at + 1);
            if (json.charAt(at) == '"' && end > 0) {
                found.add(json.substring(at + 1, end));
                at = end;
            }
        }
        return found;
    }

    /// The values of every integer member called `name`, in order.
    static List<Long> numbers(String json, String name) {
        var found = new ArrayList<Long>();
        for (int at = valueAfter(json, name, 0); at >= 0; at = valueAfter(json, name, at)) {
            int end = at;
            while (end < json.length() && (Character.isDigit(json.charAt(end)) || json.charAt(end) == '-')) {
                end++;
            }
            if (end > at) {
                found.add(Long.parseLong(json, at, end, 10));
            }
        }
        return found;
    }

    /// Index of the first character of the next value called `name`, or -1.
    private static int valueAfter(String json, String name, int from) {
        var key = '"' + name + '"';
        int at = json.indexOf(key, from);
        if (at < 0) {
            return -1;
        }
        int value = at + key.length();
        while (value < json.length() && (json.charAt(value) == ':' || Character.isWhitespace(json.charAt(value)))) {
            value++;
        }
        return value < json.length() ? value : -1;
    }
}
