package dev.spooled.jobs;

import dev.spooled.refusal.Refused;
import java.net.URI;
import java.net.URISyntaxException;

/// The form an address must have to be called when a job ends. Where it leads is checked when it is called.
final class CompletionWebhook {
    private static final int MAX_LENGTH = 2_048;

    private CompletionWebhook() {}

    static void check(String url, boolean plainHttp) {
        URI uri = parsed(url);
        String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(java.util.Locale.ROOT);
        if (!scheme.equals("https") && !(plainHttp && scheme.equals("http"))) {
            throw invalid(plainHttp ? "it must begin with https:// or http://" : "it must begin with https://");
        }
        if (uri.getHost() == null) {
            throw invalid("it has no host");
        }
        if (uri.getUserInfo() != null) {
            throw invalid("it may not hold credentials");
        }
    }

    private static URI parsed(String url) {
        if (url.length() > MAX_LENGTH) {
            throw invalid("it is longer than " + MAX_LENGTH + " characters");
        }
        try {
            return new URI(url);
        } catch (URISyntaxException e) {
            throw invalid("it is no URL");
        }
    }

    private static Refused invalid(String why) {
        return Refused.invalid("completion_webhook", "Invalid webhook URL: " + why);
    }
}
