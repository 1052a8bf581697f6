package dev.spooled.db;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The named statements of one .sql file, which lies beside the class that uses it. A statement starts at a line
/// `-- name: x` and ends before the next one; `:word` is a parameter (but not `::type`), comments stay in the file.
public final class Statements {
    private static final String HEAD = "-- name:";

    private final String file;
    private final Map<String, Sql> byName;

    private Statements(String file, Map<String, Sql> byName) {
        this.file = file;
        this.byName = byName;
    }

    public static Statements beside(Class<?> owner, String file) {
        try (InputStream in = owner.getResourceAsStream(file)) {
            if (in == null) {
                throw new IllegalStateException(file + " is not beside " + owner.getName());
            }
            return parse(file, new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public Sql get(String name) {
        Sql sql = byName.get(name);
        if (sql == null) {
            throw new IllegalStateException(file + " has no statement '" + name + "'");
        }
        return sql;
    }

    public List<Sql> all() {
        return List.copyOf(byName.values());
    }

    static Statements parse(String file, String source) {
        Map<String, Sql> found = new LinkedHashMap<>();
        String name = null;
        var body = new StringBuilder();
        for (String line : source.split("\n", -1)) {
            if (line.startsWith(HEAD)) {
                add(found, name, body);
                name = line.substring(HEAD.length()).strip();
                body.setLength(0);
            } else if (!line.stripLeading().startsWith("--")) {
                body.append(line).append('\n');
            }
        }
        add(found, name, body);
        return new Statements(file, found);
    }

    private static void add(
            Map<String, Sql> found, @org.jspecify.annotations.Nullable String name, StringBuilder body) {
        if (name == null) {
            return;
        }
        if (found.put(name, numbered(name, body.toString().strip())) != null) {
            throw new IllegalStateException("two statements are named " + name);
        }
    }

    private static Sql numbered(String name, String source) {
        var text = new StringBuilder(source.length());
        var parameters = new ArrayList<String>();
        boolean quoted = false;
        for (int i = 0; i < source.length(); i++) {
            char c = source.charAt(i);
            quoted ^= c == '\'';
            boolean colon = c == ':' && !quoted;
            if (colon && i + 1 < source.length() && source.charAt(i + 1) == ':') {
                text.append("::");
                i++;
            } else if (colon && i + 1 < source.length() && Character.isJavaIdentifierStart(source.charAt(i + 1))) {
                int end = i + 1;
                while (end < source.length() && Character.isJavaIdentifierPart(source.charAt(end))) {
                    end++;
                }
                parameters.add(source.substring(i + 1, end));
                text.append('?');
                i = end - 1;
            } else if (c == '?') {
                throw new IllegalStateException(name + ": write jsonb_exists(..) for the ? operator");
            } else {
                text.append(c);
            }
        }
        return new Sql(name, text.toString(), List.copyOf(parameters));
    }
}
