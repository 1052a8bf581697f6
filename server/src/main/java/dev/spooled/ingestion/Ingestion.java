package dev.spooled.ingestion;

import dev.spooled.access.Attempts;
import dev.spooled.engine.Command.Enqueued;
import dev.spooled.ingestion.Rejected.Reason;
import dev.spooled.jobs.JobRequest;
import dev.spooled.jobs.Jobs;
import dev.spooled.jobs.Tags;
import dev.spooled.orgs.WebhookTokens;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import dev.spooled.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Makes jobs of what others send. Who sends proves itself by the organization's token, or by the signature of a
/// provider; a delivery that does not is refused in the same words whether there is such an organization or not.
///
/// A signature under the server's secret does not tell one organization from another, so the token is asked for, too;
/// under the organization's own secret it is enough by itself.
public final class Ingestion {
    static final String CUSTOM = "custom";

    private static final int MAX_RETRIES = 3;
    private static final int TIMEOUT_SECONDS = 300;
    private static final Duration WINDOW = Duration.ofMinutes(1);

    /// Failed attempts a minute from one address, after which it is not listened to.
    private static final int FAILURES_OF_ADDRESS = 120;

    /// Rejected deliveries a minute that are noted for one organization: its log cannot be filled from outside.
    private static final int NOTED_FAILURES = 600;

    private final ProviderSecrets secrets;
    private final IncomingLog log;
    private final Jobs jobs;
    private final Clock clock;
    private final Attempts failures;
    private final Attempts noted;

    public Ingestion(ProviderSecrets secrets, IncomingLog log, Jobs jobs, Clock clock) {
        this.secrets = secrets;
        this.log = log;
        this.jobs = jobs;
        this.clock = clock;
        this.failures = new Attempts(clock, FAILURES_OF_ADDRESS, WINDOW);
        this.noted = new Attempts(clock, NOTED_FAILURES, WINDOW);
    }

    /// Where a delivery goes and comes from: `organization` null for what is no id, `token` null for none. Refusals are
    /// counted by `network`.
    record Sender(@Nullable UUID organization, @Nullable String token, String address, String network) {}

    /// An event, and what only a custom one may ask for besides.
    record Custom(Event event, @Nullable Integer priority) {}

    /// The job of a delivery.
    record Taken(Enqueued job, String queue) {}

    /// Who a custom delivery is for, once its token is right.
    Recipient admitCustom(Sender from) {
        Optional<Recipient> to = find(from, CUSTOM);
        try {
            checkToken(to.orElse(null), from);
        } catch (Rejected rejected) {
            throw refused(to.orElse(null), CUSTOM, from, rejected);
        }
        return to.orElseThrow();
    }

    /// Who a provider's delivery is for, once its signature, and where it must be the token, are right.
    Recipient admitSigned(Sender from, Adapter adapter, Delivery delivery) {
        Optional<Recipient> to = find(from, adapter.word());
        try {
            boolean own = to.isPresent() && !to.get().secrets().isEmpty();
            if (!own || from.token() != null) {
                checkToken(to.orElse(null), from);
            }
            List<String> signedWith = own ? to.get().secrets() : List.of(ofServer(adapter));
            adapter.verify(delivery, signedWith, clock.now());
        } catch (Rejected rejected) {
            throw refused(to.orElse(null), adapter.word(), from, rejected);
        }
        return to.orElseThrow();
    }

    private Optional<Recipient> find(Sender from, String provider) {
        return Optional.ofNullable(from.organization()).flatMap(id -> secrets.recipient(id, provider));
    }

    /// An organization that has cleared its token takes deliveries without one.
    private static void checkToken(@Nullable Recipient to, Sender from) throws Rejected {
        if (to != null && to.tokens().isEmpty()) {
            return;
        }
        if (from.token() == null) {
            throw new Rejected(Reason.TOKEN_MISSING);
        }
        byte[] presented = WebhookTokens.hash(from.token());
        if (to == null || !to.admits(presented)) {
            throw new Rejected(Reason.TOKEN_WRONG);
        }
    }

    private String ofServer(Adapter adapter) {
        return secrets.ofServer(adapter)
                .orElseThrow(() -> new Refused(new Refusal.NotImplemented("This server has no secret for "
                        + adapter.word() + ": set " + adapter.word().toUpperCase(Locale.ROOT)
                        + "_WEBHOOK_SECRET, or a secret of the organization")));
    }

    private Refused refused(@Nullable Recipient to, String provider, Sender from, Rejected rejected) {
        failures.count(from.network(), "Too many deliveries that were refused, try again later");
        if (to != null) {
            note(to, () -> log.rejected(to, provider, null, word(rejected.reason()), from.address()));
        }
        return new Refused(new Refusal.Unauthenticated("The webhook's token or signature is not valid"));
    }

    private static String word(Reason reason) {
        return reason.name().toLowerCase(Locale.ROOT);
    }

    private void note(Recipient to, Runnable noting) {
        try {
            noted.count(to.organization().toString(), "noted enough");
        } catch (Refused enough) {
            return;
        }
        noting.run();
    }

    /// Makes the job of what `read` finds in the delivery, or finds the one it made before. What is believed and yet
    /// refused, as a payload that is too large, is noted with the reason.
    Taken take(Recipient to, String provider, Sender from, Supplier<Custom> read) {
        Event event = null;
        try {
            Custom custom = read.get();
            event = custom.event();
            Enqueued job = jobs.enqueue(to.caller(), asked(provider, custom));
            log.accepted(to, provider, event, job.id(), from.address());
            return new Taken(job, event.queue());
        } catch (Refused refused) {
            Event known = event;
            note(to, () -> log.rejected(to, provider, known, refused.refusal().message(), from.address()));
            throw refused;
        }
    }

    private static JobRequest asked(String provider, Custom custom) {
        Event event = custom.event();
        Integer priority = custom.priority();
        var tags = new LinkedHashMap<String, String>();
        tags.put("webhook", provider);
        if (!event.type().isEmpty()) {
            tags.put("event_type", event.type());
        }
        return new JobRequest(
                event.queue(),
                event.payload(),
                priority == null ? 0 : priority,
                MAX_RETRIES,
                TIMEOUT_SECONDS,
                null,
                null,
                event.id(),
                Tags.of(tags),
                null,
                null,
                null);
    }
}
