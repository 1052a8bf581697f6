package dev.spooled.jobs;

import dev.spooled.access.Seal;
import dev.spooled.json.JsonObject;
import dev.spooled.refusal.Bounds;
import dev.spooled.refusal.Refused;
import java.util.Base64;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The address that is called when a job ends, and the secret those calls are signed with. Both are kept as one
/// text: the secret, sealed for its organization, stands where a URL has its fragment, which is never sent
/// anywhere.
public record CompletionWebhook(String url, @Nullable String secret) {
    private static final String MARK = "#sealed=";

    /// Null when there is no address; a secret alone is refused.
    public static @Nullable CompletionWebhook of(JsonObject job) {
        String url = job.textOrNull("completion_webhook");
        String secret = job.textOrNull("completion_webhook_secret");
        Bounds.checkLength("completion_webhook_secret", secret, 1, 255);
        if (url == null && secret != null) {
            throw Refused.invalid("completion_webhook_secret", "completion_webhook_secret needs a completion_webhook");
        }
        return url == null ? null : new CompletionWebhook(url, secret);
    }

    /// As a job keeps it.
    String kept(Seal seal, int org) {
        if (secret == null && !url.contains(MARK)) {
            return url;
        }
        int fragment = url.indexOf('#');
        String plain = fragment < 0 ? url : url.substring(0, fragment);
        return secret == null
                ? plain
                : plain + MARK + Base64.getUrlEncoder().withoutPadding().encodeToString(seal.close(use(org), secret));
    }

    /// The address of what a job keeps.
    public static String urlOf(String kept) {
        int mark = kept.indexOf(MARK);
        return mark < 0 ? kept : kept.substring(0, mark);
    }

    /// The secret of what a job keeps.
    public static Optional<String> secretOf(String kept, Seal seal, int org) {
        int mark = kept.indexOf(MARK);
        return mark < 0
                ? Optional.empty()
                : Optional.of(seal.open(use(org), Base64.getUrlDecoder().decode(kept.substring(mark + MARK.length()))));
    }

    @Override
    public String toString() {
        return url;
    }

    private static String use(int org) {
        return "completion-webhook:" + org;
    }
}
