package dev.spooled.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spooled.config.Config.LaneWay;
import dev.spooled.config.Config.LogForm;
import dev.spooled.config.Config.PlanLimits;
import dev.spooled.config.Config.RegistrationMode;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ConfigTest {
    @Test
    void everyDefault() {
        Config config = ConfigReader.read(Map.of(), Map.of());
        assertThat(config)
                .isEqualTo(new Config(
                        new Config.Listen("0.0.0.0", 8080, 50051, 9090),
                        new Config.Grpc(null, 4 << 20, 10_000, 200, 1_000, Duration.ofSeconds(10)),
                        new Config.Live(200, 100, 10_000),
                        new Config.Storage(Path.of("./spooled-data"), null, 16, LaneWay.EXACT, Map.of()),
                        new Config.Nodes(null, Duration.ofMillis(50)),
                        new Config.Access(null, null, RegistrationMode.CLOSED),
                        new Config.Login(null, null, Duration.ofHours(24), null, null, "spooled@localhost", false),
                        new Config.Web(List.of(), false, null, List.of()),
                        new Config.Providers(Map.of()),
                        new Config.Jobs(Duration.ofSeconds(30), Duration.ofSeconds(10), 3, Duration.ofSeconds(300)),
                        new Config.Plans(PlanLimits.UNLIMITED, "enterprise"),
                        new Config.Webhooks(List.of(), false, 64),
                        Duration.ZERO,
                        Duration.ofSeconds(10),
                        LogForm.TEXT));
    }

    @Test
    void everyVariable() {
        Config config = ConfigReader.read(
                Map.of(),
                Map.ofEntries(
                        Map.entry("HOST", "127.0.0.1"),
                        Map.entry("PORT", "0"),
                        Map.entry("GRPC_PORT", "1"),
                        Map.entry("METRICS_PORT", "2"),
                        Map.entry("GRPC_TLS_ENABLED", "yes"),
                        Map.entry("GRPC_TLS_CERT_PATH", "pom.xml"),
                        Map.entry("GRPC_TLS_KEY_PATH", "pom.xml"),
                        Map.entry("SPOOLED_GRPC_MAX_MESSAGE_BYTES", "5"),
                        Map.entry("SPOOLED_GRPC_MAX_CONNECTIONS", "6"),
                        Map.entry("SPOOLED_GRPC_MAX_STREAMS", "7"),
                        Map.entry("SPOOLED_GRPC_ORG_STREAMS", "14"),
                        Map.entry("SPOOLED_GRPC_KEEPALIVE_SECS", "8"),
                        Map.entry("SPOOLED_LIVE_STREAMS", "10"),
                        Map.entry("SPOOLED_LIVE_SOCKETS", "11"),
                        Map.entry("SPOOLED_LIVE_CONNECTIONS", "12"),
                        Map.entry("SPOOLED_DATA_DIR", "/var/lib/spooled"),
                        Map.entry("DATABASE_URL", "postgres://u:p@h/d"),
                        Map.entry("SPOOLED_DB_CONNECTIONS", "3"),
                        Map.entry("SPOOLED_LANE", "exact"),
                        Map.entry("ADMIN_API_KEY", "root-key"),
                        Map.entry("METRICS_TOKEN", "token"),
                        Map.entry("REGISTRATION_MODE", "open"),
                        Map.entry("JWT_SECRET", "a-secret-of-more-than-32-letters-1"),
                        Map.entry("JWT_SECRET_PREVIOUS", "a-secret-of-more-than-32-letters-2"),
                        Map.entry("JWT_EXPIRATION_HOURS", "1"),
                        Map.entry("SPOOLED_SECRET_KEY", "a-secret-of-more-than-32-letters-3"),
                        Map.entry("SMTP_URL", "smtp://u:p@mail.example:25"),
                        Map.entry("SMTP_FROM", "jobs@example.com"),
                        Map.entry("SPOOLED_DEV", "true"),
                        Map.entry("SPOOLED_PUBLIC_URL", "https://jobs.example"),
                        Map.entry("SPOOLED_PLANS", "table"),
                        Map.entry("SPOOLED_DEFAULT_PLAN", "free"),
                        Map.entry("WORKER_LEASE_DURATION_SECS", "60"),
                        Map.entry("WORKER_HEARTBEAT_INTERVAL_SECS", "20"),
                        Map.entry("QUEUE_DEFAULT_MAX_RETRIES", "0"),
                        Map.entry("QUEUE_DEFAULT_TIMEOUT_SECS", "9"),
                        Map.entry("SPOOLED_WEBHOOK_ALLOW", "10.0.0.0/8, *.hooks.example"),
                        Map.entry("OUTGOING_WEBHOOK_MAX_CONCURRENT_DELIVERIES", "4"),
                        Map.entry("SPOOLED_CORS_ORIGINS", "https://a.example, https://b.example"),
                        Map.entry("ENABLE_HSTS", "true"),
                        Map.entry("SPOOLED_TRUSTED_PROXIES", "10.0.0.0/8"),
                        Map.entry("SPOOLED_DRAIN_DELAY_SECONDS", "3"),
                        Map.entry("SPOOLED_DRAIN_SECONDS", "0"),
                        Map.entry("GITHUB_WEBHOOK_SECRET", "of-github"),
                        Map.entry("STRIPE_WEBHOOK_SECRET", "of-stripe"),
                        Map.entry("SHOPIFY_WEBHOOK_SECRET", "of-shopify"),
                        Map.entry("REDIS_URL", "redis://r:6379"),
                        Map.entry("SPOOLED_REDIS_TIMEOUT_MS", "13"),
                        Map.entry("SPOOLED_LOG", "json")));
        assertThat(config)
                .isEqualTo(new Config(
                        new Config.Listen("127.0.0.1", 0, 1, 2),
                        new Config.Grpc(
                                new Config.Tls(Path.of("pom.xml"), Path.of("pom.xml")),
                                5,
                                6,
                                7,
                                14,
                                Duration.ofSeconds(8)),
                        new Config.Live(10, 11, 12),
                        new Config.Storage(
                                Path.of("/var/lib/spooled"), "postgres://u:p@h/d", 3, LaneWay.EXACT, Map.of()),
                        new Config.Nodes("redis://r:6379", Duration.ofMillis(13)),
                        new Config.Access("root-key", "token", RegistrationMode.OPEN),
                        new Config.Login(
                                "a-secret-of-more-than-32-letters-1",
                                "a-secret-of-more-than-32-letters-2",
                                Duration.ofHours(1),
                                "a-secret-of-more-than-32-letters-3",
                                URI.create("smtp://u:p@mail.example:25"),
                                "jobs@example.com",
                                true),
                        new Config.Web(
                                List.of("https://a.example", "https://b.example"),
                                true,
                                "https://jobs.example",
                                List.of("10.0.0.0/8")),
                        new Config.Providers(
                                Map.of("github", "of-github", "stripe", "of-stripe", "shopify", "of-shopify")),
                        new Config.Jobs(Duration.ofSeconds(60), Duration.ofSeconds(20), 0, Duration.ofSeconds(9)),
                        new Config.Plans(PlanLimits.TABLE, "free"),
                        new Config.Webhooks(List.of("10.0.0.0/8", "*.hooks.example"), true, 4),
                        Duration.ofSeconds(3),
                        Duration.ZERO,
                        LogForm.JSON));
    }

    @Test
    void aFlagWinsOverItsVariable() {
        Config config = ConfigReader.read(Map.of(Setting.PORT, "1"), Map.of("PORT", "2", "GRPC_PORT", "3"));
        assertThat(config.listen().port()).isEqualTo(1);
        assertThat(config.listen().grpcPort()).isEqualTo(3);
    }

    @Test
    void anEmptyValueIsNone() {
        Config config = ConfigReader.read(Map.of(), Map.of("DATABASE_URL", " ", "PORT", ""));
        assertThat(config.storage().databaseUrl()).isNull();
        assertThat(config.listen().port()).isEqualTo(8080);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "PORT | 65536 | PORT (--port) is '65536': expected a whole number from 0 to 65535",
                "PORT | eighty | PORT (--port) is 'eighty': expected a whole number from 0 to 65535",
                "SPOOLED_DB_CONNECTIONS | 0 | expected a whole number from 1 to 1000000000",
                "REGISTRATION_MODE | all | expected open or closed or invite",
                "ENABLE_HSTS | maybe | expected true or false",
                "GRPC_TLS_ENABLED | true | GRPC_TLS_CERT_PATH is missing",
                "WORKER_HEARTBEAT_INTERVAL_SECS | 30 | expected less than WORKER_LEASE_DURATION_SECS, which is 30",
                "SPOOLED_DATA_DIRECTORY | x | unknown variable SPOOLED_DATA_DIRECTORY: did you mean SPOOLED_DATA_DIR?",
                "SPOOLED_PORT | 1 | unknown variable SPOOLED_PORT: did you mean PORT?"
            })
    void whatCannotBeMeantIsRefused(String variable, String value, String message) {
        assertThatThrownBy(() -> ConfigReader.read(Map.of(), Map.of(variable, value)))
                .isInstanceOf(CannotStart.class)
                .hasMessageContaining(message);
    }

    @Test
    void variablesOfClientsAndOfTheScriptAreLeftAlone() {
        assertThat(ConfigReader.read(
                        Map.of(), Map.of("SPOOLED_URL", "x", "SPOOLED_KEY", "y", "SPOOLED_JAVA_HOME", "z")))
                .isNotNull();
    }

    @ParameterizedTest
    @EnumSource(Setting.class)
    void aFlagIsItsVariableInSmallLetters(Setting setting) {
        String plain = setting.name().startsWith("SPOOLED_") ? setting.name().substring(8) : setting.name();
        assertThat(setting.flag())
                .isEqualTo("--" + plain.toLowerCase(java.util.Locale.ROOT).replace('_', '-'));
        assertThat(setting.sentence()).endsWith(".");
    }

    @Test
    void secretsAreNotPrinted() {
        Config config = ConfigReader.read(
                Map.of(),
                Map.of("DATABASE_URL", "postgres://u:hush@h/d", "ADMIN_API_KEY", "hush", "METRICS_TOKEN", "hush"));
        assertThat(config.toString()).doesNotContain("hush");
    }

    @Test
    void theDocumentIsCurrent() throws IOException {
        Files.writeString(Path.of("target/configuration.md"), ConfigPage.text());
        assertThat(Path.of("../docs/configuration.md"))
                .as("copy server/target/configuration.md to docs/")
                .hasContent(ConfigPage.text());
    }
}
