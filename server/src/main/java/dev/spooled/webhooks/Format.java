package dev.spooled.webhooks;

import dev.spooled.refusal.Refused;
import java.util.Arrays;
import java.util.Locale;

/// How a delivery is written: our JSON, or a line of text as chat services take it.
enum Format {
    JSON,
    SLACK,
    DISCORD;

    String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    static Format of(String word) {
        return Arrays.stream(values())
                .filter(format -> format.word().equals(word))
                .findFirst()
                .orElseThrow(() -> Refused.invalid("format", "format must be json, slack or discord, not " + word));
    }

    /// What the host takes.
    static Format byHost(String host) {
        String name = host.toLowerCase(Locale.ROOT);
        if (name.equals("hooks.slack.com")) {
            return SLACK;
        }
        return name.equals("discord.com") || name.equals("discordapp.com") ? DISCORD : JSON;
    }
}
