package dev.spooled.webhooks;

import dev.spooled.access.Seal;
import dev.spooled.db.Row;
import dev.spooled.jobs.CompletionWebhook;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A delivery with all that an attempt needs. Its address is checked once more before anything is sent.
record Due(
        UUID id,
        int org,
        @Nullable UUID webhook,
        String target,
        String event,
        String url,
        String body,
        int attempts,
        int failures,
        Format format,
        Sealed sealed) {

    /// Secrets as the database has them.
    record Sealed(
            byte @Nullable [] current,
            byte @Nullable [] old,
            @Nullable Instant oldUntil) {}

    static Due of(Row row) throws SQLException {
        String format = row.textOrNull("format");
        return new Due(
                row.uuid("id"),
                row.integer("org"),
                row.uuidOrNull("subscription"),
                row.text("target"),
                row.text("event"),
                row.text("url"),
                row.text("body"),
                row.integer("attempts"),
                row.integer("failures"),
                format == null ? Format.JSON : Format.of(format),
                sealed(row));
    }

    static Sealed sealed(Row row) throws SQLException {
        return new Sealed(
                row.bytesOrNull("secret_sealed"),
                row.bytesOrNull("old_secret_sealed"),
                row.instantOrNull("old_secret_until"));
    }

    /// What a secret of this webhook was sealed for.
    static String use(UUID webhook) {
        return "webhook-secret:" + webhook;
    }

    /// Without what a job keeps in its fragment.
    String address() {
        return CompletionWebhook.urlOf(url);
    }

    Parcel parcel(URI checked, Seal seal, Instant now) {
        byte[] written = ChatText.written(format, event, body).getBytes(StandardCharsets.UTF_8);
        return new Parcel(checked, event, id, attempts + 1, now.getEpochSecond(), written, secrets(seal, now));
    }

    private List<String> secrets(Seal seal, Instant now) {
        var secrets = new ArrayList<String>();
        if (webhook == null) {
            CompletionWebhook.secretOf(url, seal, org).ifPresent(secrets::add);
        } else if (sealed.current() != null) {
            secrets.add(seal.open(use(webhook), sealed.current()));
            if (sealed.old() != null
                    && sealed.oldUntil() != null
                    && sealed.oldUntil().isAfter(now)) {
                secrets.add(seal.open(use(webhook), sealed.old()));
            }
        }
        return secrets;
    }
}
