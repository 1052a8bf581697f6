package dev.spooled.config;

import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Every variable the server reads, one row each: its name is the environment variable, its flag the same in small
/// letters. docs/configuration.md and `serve --help` are made from these rows.
public enum Setting {
    HOST("host", Kind.TEXT, "0.0.0.0", "Address the server listens on."),
    PORT("port", Kind.PORT, "8080", "Port of the REST API; 0 takes a free one."),
    GRPC_PORT("grpc-port", Kind.PORT, "50051", "Port of the gRPC API; 0 takes a free one."),
    GRPC_TLS_ENABLED("grpc-tls-enabled", Kind.SWITCH, "false", "Whether gRPC speaks TLS; needs both files."),
    GRPC_TLS_CERT_PATH("grpc-tls-cert-path", Kind.PATH, null, "The certificate chain for gRPC, in PEM."),
    GRPC_TLS_KEY_PATH("grpc-tls-key-path", Kind.PATH, null, "The private key for gRPC, in PEM (PKCS#8)."),
    SPOOLED_GRPC_MAX_MESSAGE_BYTES(
            "grpc-max-message-bytes", Kind.POSITIVE, "4194304", "Largest message that gRPC takes from a client."),
    SPOOLED_GRPC_MAX_CONNECTIONS(
            "grpc-max-connections",
            Kind.POSITIVE,
            "10000",
            "Most gRPC connections at once; more are closed as they come."),
    SPOOLED_GRPC_MAX_STREAMS("grpc-max-streams", Kind.POSITIVE, "200", "Most calls at once on a gRPC connection."),
    SPOOLED_GRPC_ORG_STREAMS(
            "grpc-org-streams", Kind.POSITIVE, "1000", "Most gRPC streams at once of an organization."),
    SPOOLED_GRPC_KEEPALIVE_SECS(
            "grpc-keepalive-secs", Kind.SECONDS, "10", "Seconds a gRPC connection may be silent before it is pinged."),
    SPOOLED_LIVE_STREAMS(
            "live-streams", Kind.POSITIVE, "200", "Most SSE streams of live events at once of an organization."),
    SPOOLED_LIVE_SOCKETS(
            "live-sockets", Kind.POSITIVE, "100", "Most WebSockets of live events at once of an organization."),
    SPOOLED_LIVE_CONNECTIONS(
            "live-connections", Kind.POSITIVE, "10000", "Most SSE streams and WebSockets at once of this server."),
    METRICS_PORT("metrics-port", Kind.PORT, "9090", "Port of the Prometheus metrics; 0 takes a free one."),
    SPOOLED_DATA_DIR(
            "data-dir", Kind.PATH, "./spooled-data", "Folder of the embedded PostgreSQL; made when it is missing."),
    DATABASE_URL(
            "database-url",
            Kind.SECRET,
            null,
            "An external PostgreSQL (15 to 18) instead of the embedded one: postgres://user:password@host:port/name."),
    SPOOLED_CELLS(
            "cells",
            Kind.SECRET,
            null,
            "Further cells, each a PostgreSQL of its own: 1=postgres://user:password@host:port/name 2=postgres://..."),
    SPOOLED_DB_CONNECTIONS("db-connections", Kind.POSITIVE, "16", "Connections in each of the server's pools."),
    REDIS_URL(
            "redis-url",
            Kind.SECRET,
            null,
            "A Redis between several nodes: redis://user:password@host:port, or rediss://; unset: PostgreSQL's NOTIFY."),
    SPOOLED_REDIS_TIMEOUT_MS(
            "redis-timeout-ms",
            Kind.POSITIVE,
            "50",
            "Milliseconds a request waits for Redis at most; then this node goes by its own share of the rate."),
    SPOOLED_LANE(
            "lane",
            Kind.CHOICE,
            "exact",
            "How hot writes reach the database: exact, keyed (the same without row addresses), or asserted (faster; memory"
                    + " proposes, the database checks).",
            "exact",
            "keyed",
            "asserted"),
    ADMIN_API_KEY(
            "admin-api-key", Kind.SECRET, null, "Key for the admin routes (X-Admin-Key); without one they are closed."),
    JWT_SECRET(
            "jwt-secret",
            Kind.SECRET,
            null,
            "Signs access tokens, at least 32 characters, the same on all nodes; unset: made and kept in the data folder."),
    JWT_SECRET_PREVIOUS(
            "jwt-secret-previous", Kind.SECRET, null, "The secret before a change, whose tokens still hold."),
    JWT_EXPIRATION_HOURS(
            "jwt-expiration-hours",
            Kind.POSITIVE,
            "24",
            "Hours an access token lives; a refresh token lives 24 times that."),
    SPOOLED_SECRET_KEY(
            "secret-key",
            Kind.SECRET,
            null,
            "Seals secrets kept in the database, at least 32 characters, the same on all nodes; unset: as JWT_SECRET."),
    SMTP_URL(
            "smtp-url",
            Kind.SECRET,
            null,
            "Mail server for sign-in codes: smtp://user:password@host:port, or smtps://; without one there are none."),
    SMTP_FROM("smtp-from", Kind.TEXT, "spooled@localhost", "Sender of e-mail."),
    SPOOLED_DEV(
            "dev",
            Kind.SWITCH,
            "false",
            "For development: sign-in codes go to the log when there is no SMTP_URL, webhooks may go to this machine."),
    SPOOLED_PUBLIC_URL(
            "public-url", Kind.TEXT, null, "Address under which others reach the server, for the URLs it shows."),
    GITHUB_WEBHOOK_SECRET(
            "github-webhook-secret",
            Kind.SECRET,
            null,
            "Verifies what GitHub sends to organizations without a secret of their own; unset: they need one."),
    STRIPE_WEBHOOK_SECRET("stripe-webhook-secret", Kind.SECRET, null, "As GITHUB_WEBHOOK_SECRET, for Stripe."),
    SHOPIFY_WEBHOOK_SECRET("shopify-webhook-secret", Kind.SECRET, null, "As GITHUB_WEBHOOK_SECRET, for Shopify."),
    METRICS_TOKEN("metrics-token", Kind.SECRET, null, "Bearer token the metrics ask for; without one they are open."),
    REGISTRATION_MODE(
            "registration-mode",
            Kind.CHOICE,
            "closed",
            "Who may create an organization: open (anyone), closed (the admin key), invite (nobody over REST).",
            "open",
            "closed",
            "invite"),
    SPOOLED_PLANS(
            "plans",
            Kind.CHOICE,
            "unlimited",
            "Limits of the plans: unlimited for everybody, or those of the plan table.",
            "unlimited",
            "table"),
    SPOOLED_DEFAULT_PLAN(
            "default-plan",
            Kind.CHOICE,
            "enterprise",
            "Plan of a new organization.",
            "free",
            "starter",
            "pro",
            "enterprise"),
    WORKER_LEASE_DURATION_SECS(
            "worker-lease-duration-secs",
            Kind.SECONDS,
            "30",
            "Seconds a claimed job is leased when none are asked for."),
    WORKER_HEARTBEAT_INTERVAL_SECS(
            "worker-heartbeat-interval-secs", Kind.SECONDS, "10", "Seconds between heartbeats that workers are told."),
    QUEUE_DEFAULT_MAX_RETRIES(
            "queue-default-max-retries", Kind.COUNT, "3", "Retries of a job that names none, as has its queue."),
    QUEUE_DEFAULT_TIMEOUT_SECS(
            "queue-default-timeout-secs", Kind.SECONDS, "300", "Time-out in seconds of a job that names none."),
    SPOOLED_WEBHOOK_ALLOW(
            "webhook-allow",
            Kind.LIST,
            null,
            "Where webhooks may go besides public addresses over https: addresses, networks, host names, *.names."),
    OUTGOING_WEBHOOK_MAX_CONCURRENT_DELIVERIES(
            "outgoing-webhook-max-concurrent-deliveries",
            Kind.POSITIVE,
            "64",
            "Webhooks sent at once by a node; those that take longer than a second have four times as many places."),
    SPOOLED_CORS_ORIGINS(
            "cors-origins", Kind.LIST, null, "Origins that browsers may call from, separated by commas; * for all."),
    SPOOLED_TRUSTED_PROXIES(
            "trusted-proxies",
            Kind.LIST,
            null,
            "Proxies whose X-Forwarded-For and -Proto are believed: addresses or networks (10.0.0.0/8), separated by commas."),
    ENABLE_HSTS(
            "enable-hsts", Kind.SWITCH, "false", "Send Strict-Transport-Security, when TLS ends before the server."),
    SPOOLED_DRAIN_SECONDS(
            "drain-seconds", Kind.COUNT, "10", "Seconds that running requests have to end in when the server stops."),
    SPOOLED_DRAIN_DELAY_SECONDS(
            "drain-delay-seconds",
            Kind.COUNT,
            "0",
            "Seconds before that in which a stopping server still takes requests, for balancers to see it is not ready."),
    SPOOLED_LOG("log", Kind.CHOICE, "text", "Form of the log lines on standard error: text or json.", "text", "json");

    /// Variables with our prefix that are not the server's: the start script's and the clients'.
    static final Set<String> OF_OTHERS = Set.of(
            "SPOOLED_JAVA_HOME",
            "SPOOLED_JAVA_OPTS",
            "SPOOLED_URL",
            "SPOOLED_KEY",
            "SPOOLED_API_KEY",
            "SPOOLED_BASE_URL",
            "SPOOLED_GRPC_ADDRESS");

    /// What values look like.
    public enum Kind {
        TEXT("text"),
        PATH("path"),
        PORT("port"),
        COUNT("number"),
        POSITIVE("number"),
        SECONDS("seconds"),
        SWITCH("true|false"),
        CHOICE("word"),
        LIST("list"),
        SECRET("secret");

        private final String word;

        Kind(String word) {
            this.word = word;
        }
    }

    private final String flag;
    private final Kind kind;
    private final @Nullable String byDefault;
    private final String sentence;
    private final Set<String> choices;

    Setting(String flag, Kind kind, @Nullable String byDefault, String sentence, String... choices) {
        this.flag = "--" + flag;
        this.kind = kind;
        this.byDefault = byDefault;
        this.sentence = sentence;
        this.choices = new java.util.LinkedHashSet<>(java.util.List.of(choices));
    }

    public String flag() {
        return flag;
    }

    public Kind kind() {
        return kind;
    }

    /// The default as one would write it; null where unset is a value of its own.
    public @Nullable String byDefault() {
        return byDefault;
    }

    public String sentence() {
        return sentence;
    }

    /// How a value is written, for help and documents: the choices, or a word for the kind.
    public String form() {
        return choices.isEmpty() ? kind.word : String.join("|", choices);
    }

    boolean allows(String choice) {
        return choices.contains(choice.toLowerCase(Locale.ROOT));
    }
}
