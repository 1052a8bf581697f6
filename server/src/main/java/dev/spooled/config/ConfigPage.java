package dev.spooled.config;

/// docs/configuration.md, made from the rows of `Setting`.
final class ConfigPage {
    private ConfigPage() {}

    static String text() {
        var page = new StringBuilder("""
                # Configuration

                Every setting has an environment variable and a flag of `./spooled serve`; the flag wins. An empty value counts
                as none. A variable that starts with `SPOOLED_` and is not listed here stops the start.

                | variable | flag | values | default | what it is |
                |---|---|---|---|---|
                """);
        for (Setting setting : Setting.values()) {
            page.append("| `" + setting + "` | `" + setting.flag() + "` | "
                    + setting.form().replace("|", ", ") + " | " + byDefault(setting) + " | " + setting.sentence()
                    + " |\n");
        }
        return page.append("""

                The start script also reads `SPOOLED_JAVA_HOME` (the JDK to use) and `SPOOLED_JAVA_OPTS` (further flags for it).

                This page is made from `Setting`; `ConfigTest` says when it is old and leaves a new one in `server/target`.
                """).toString();
    }

    private static String byDefault(Setting setting) {
        String value = setting.byDefault();
        return value == null ? "unset" : "`" + value + "`";
    }
}
