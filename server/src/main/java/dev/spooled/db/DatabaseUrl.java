package dev.spooled.db;

import dev.spooled.config.CannotStart;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// DATABASE_URL as people write it: `postgres://user:password@host:port/name?sslmode=require`, also with
/// `postgresql://`, or `jdbc:postgresql://host/name?user=..&password=..`. What it says besides the login goes to the
/// driver as it is. No message quotes the address, for it holds the password.
public final class DatabaseUrl {
    private static final Pattern FORM = Pattern.compile(
            "(?:jdbc:postgresql|postgresql|postgres)://(?:(?<login>.*)@)?(?<hosts>[^/?@]+)(?:/(?<name>[^?]*))?(?:\\?(?<rest>.*))?");

    /// Parameters that the server sets itself, to the roles and the schema it works in.
    private static final Set<String> OURS = Set.of("options", "currentSchema", "search_path");

    private static final Map<String, String> DRIVER_NAMES =
            Map.of("channel_binding", "channelBinding", "application_name", "ApplicationName");

    private DatabaseUrl() {}

    public static DbAddress parse(String url) {
        Matcher parts = FORM.matcher(url.strip());
        if (!parts.matches()) {
            throw new CannotStart("DATABASE_URL is not of the form postgres://user:password@host:port/name");
        }
        Map<String, String> parameters = parameters(parts.group("rest"));
        String login = parts.group("login") == null ? "" : parts.group("login");
        int colon = login.indexOf(':');
        String user = decoded(colon < 0 ? login : login.substring(0, colon));
        String password = colon < 0 ? "" : decoded(login.substring(colon + 1));
        user = parameters.containsKey("user") ? parameters.remove("user") : user;
        password = parameters.containsKey("password") ? parameters.remove("password") : password;
        if (user.isEmpty()) {
            throw new CannotStart("DATABASE_URL names no user: postgres://user:password@host:port/name");
        }
        String name =
                parts.group("name") == null || parts.group("name").isEmpty() ? encoded(user) : parts.group("name");
        return new DbAddress(
                "jdbc:postgresql://" + parts.group("hosts") + "/" + name + joined(parameters), user, password);
    }

    private static Map<String, String> parameters(@org.jspecify.annotations.Nullable String query) {
        Map<String, String> found = new LinkedHashMap<>();
        for (String pair : query == null ? List.<String>of() : List.of(query.split("&", -1))) {
            int equals = pair.indexOf('=');
            if (equals <= 0) {
                continue;
            }
            String name = pair.substring(0, equals);
            if (OURS.contains(name)) {
                throw new CannotStart("DATABASE_URL sets " + name + ", which the server sets itself: leave it out");
            }
            found.put(DRIVER_NAMES.getOrDefault(name, name), decoded(pair.substring(equals + 1)));
        }
        return found;
    }

    private static String joined(Map<String, String> parameters) {
        List<String> pairs = new ArrayList<>();
        parameters.forEach((name, value) -> pairs.add(name + "=" + encoded(value)));
        return pairs.isEmpty() ? "" : "?" + String.join("&", pairs);
    }

    /// A plus in a login means a plus.
    private static String decoded(String text) {
        try {
            return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new CannotStart("DATABASE_URL has a % that is not followed by two hexadecimal digits", e);
        }
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
