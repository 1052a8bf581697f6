package dev.spooled.config;

import dev.spooled.config.Config.Access;
import dev.spooled.config.Config.Grpc;
import dev.spooled.config.Config.Jobs;
import dev.spooled.config.Config.LaneWay;
import dev.spooled.config.Config.Listen;
import dev.spooled.config.Config.Live;
import dev.spooled.config.Config.LogForm;
import dev.spooled.config.Config.Login;
import dev.spooled.config.Config.Nodes;
import dev.spooled.config.Config.PlanLimits;
import dev.spooled.config.Config.Plans;
import dev.spooled.config.Config.Providers;
import dev.spooled.config.Config.RegistrationMode;
import dev.spooled.config.Config.Storage;
import dev.spooled.config.Config.Tls;
import dev.spooled.config.Config.Web;
import dev.spooled.config.Config.Webhooks;
import dev.spooled.config.Setting.Kind;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Makes a `Config` from flags over the environment over the defaults. An empty value counts as none. A value that
/// cannot be meant stops the start with the name, the value and what was expected.
public final class ConfigReader {
    private static final String PREFIX = "SPOOLED_";
    private static final int MAX_PORT = 65_535;
    private static final int MAX_HOURS = 8_760;
    private static final int MAX_NUMBER = 1_000_000_000;

    private static final Pattern CELL = Pattern.compile("([1-9]|[1-5][0-9]|6[0-3])=(postgres.*)");

    private final Map<Setting, String> flags;
    private final Map<String, String> environment;

    private ConfigReader(Map<Setting, String> flags, Map<String, String> environment) {
        this.flags = flags;
        this.environment = environment;
    }

    public static Config read(Map<Setting, String> flags, Map<String, String> environment) {
        refuseUnknown(environment);
        return new ConfigReader(flags, environment).config();
    }

    private Config config() {
        return new Config(
                new Listen(
                        text(Setting.HOST),
                        number(Setting.PORT),
                        number(Setting.GRPC_PORT),
                        number(Setting.METRICS_PORT)),
                new Grpc(
                        tls(),
                        number(Setting.SPOOLED_GRPC_MAX_MESSAGE_BYTES),
                        number(Setting.SPOOLED_GRPC_MAX_CONNECTIONS),
                        number(Setting.SPOOLED_GRPC_MAX_STREAMS),
                        number(Setting.SPOOLED_GRPC_ORG_STREAMS),
                        seconds(Setting.SPOOLED_GRPC_KEEPALIVE_SECS)),
                new Live(
                        number(Setting.SPOOLED_LIVE_STREAMS),
                        number(Setting.SPOOLED_LIVE_SOCKETS),
                        number(Setting.SPOOLED_LIVE_CONNECTIONS)),
                new Storage(
                        Path.of(text(Setting.SPOOLED_DATA_DIR)),
                        textOrNull(Setting.DATABASE_URL),
                        number(Setting.SPOOLED_DB_CONNECTIONS),
                        choice(Setting.SPOOLED_LANE, LaneWay.class),
                        cells()),
                nodes(),
                new Access(
                        textOrNull(Setting.ADMIN_API_KEY),
                        textOrNull(Setting.METRICS_TOKEN),
                        choice(Setting.REGISTRATION_MODE, RegistrationMode.class)),
                login(),
                new Web(
                        list(Setting.SPOOLED_CORS_ORIGINS),
                        isOn(Setting.ENABLE_HSTS),
                        textOrNull(Setting.SPOOLED_PUBLIC_URL),
                        list(Setting.SPOOLED_TRUSTED_PROXIES)),
                providers(),
                new Jobs(
                        seconds(Setting.WORKER_LEASE_DURATION_SECS),
                        seconds(Setting.WORKER_HEARTBEAT_INTERVAL_SECS),
                        number(Setting.QUEUE_DEFAULT_MAX_RETRIES),
                        seconds(Setting.QUEUE_DEFAULT_TIMEOUT_SECS)),
                new Plans(choice(Setting.SPOOLED_PLANS, PlanLimits.class), word(Setting.SPOOLED_DEFAULT_PLAN)),
                webhooks(),
                seconds(Setting.SPOOLED_DRAIN_DELAY_SECONDS),
                seconds(Setting.SPOOLED_DRAIN_SECONDS),
                choice(Setting.SPOOLED_LOG, LogForm.class));
    }

    private Map<Integer, String> cells() {
        return cells(textOrNull(Setting.SPOOLED_CELLS));
    }

    /// URLs by number, from what SPOOLED_CELLS says.
    public static Map<Integer, String> cells(@Nullable String told) {
        var cells = new TreeMap<Integer, String>();
        if (told != null) {
            for (String each : told.strip().split("\\s+")) {
                Matcher cell = CELL.matcher(each);
                if (!cell.matches() || cells.put(Integer.parseInt(cell.group(1)), cell.group(2)) != null) {
                    throw refused(Setting.SPOOLED_CELLS, "what it is", "1=postgres://... 2=postgres://..., up to 63");
                }
            }
        }
        return cells;
    }

    private Nodes nodes() {
        String url = textOrNull(Setting.REDIS_URL);
        if (url != null && !url.startsWith("redis://") && !url.startsWith("rediss://")) {
            throw new CannotStart("REDIS_URL is no address: expected redis://user:password@host:port or rediss://");
        }
        return new Nodes(url, Duration.ofMillis(number(Setting.SPOOLED_REDIS_TIMEOUT_MS)));
    }

    private Providers providers() {
        var secrets = new HashMap<String, String>();
        Map.of(
                        "github", Setting.GITHUB_WEBHOOK_SECRET,
                        "stripe", Setting.STRIPE_WEBHOOK_SECRET,
                        "shopify", Setting.SHOPIFY_WEBHOOK_SECRET)
                .forEach((provider, setting) -> {
                    String secret = textOrNull(setting);
                    if (secret != null) {
                        secrets.put(provider, secret);
                    }
                });
        return new Providers(Map.copyOf(secrets));
    }

    private Login login() {
        return new Login(
                KeptSecret.checked(Setting.JWT_SECRET, textOrNull(Setting.JWT_SECRET)),
                KeptSecret.checked(Setting.JWT_SECRET_PREVIOUS, textOrNull(Setting.JWT_SECRET_PREVIOUS)),
                Duration.ofHours(hours(Setting.JWT_EXPIRATION_HOURS)),
                KeptSecret.checked(Setting.SPOOLED_SECRET_KEY, textOrNull(Setting.SPOOLED_SECRET_KEY)),
                mailServer(),
                text(Setting.SMTP_FROM),
                isOn(Setting.SPOOLED_DEV));
    }

    private Webhooks webhooks() {
        var webhooks = new Webhooks(
                list(Setting.SPOOLED_WEBHOOK_ALLOW),
                isOn(Setting.SPOOLED_DEV),
                number(Setting.OUTGOING_WEBHOOK_MAX_CONCURRENT_DELIVERIES));
        try {
            var unused = webhooks.targets();
            return webhooks;
        } catch (IllegalArgumentException e) {
            throw refused(
                    Setting.SPOOLED_WEBHOOK_ALLOW,
                    String.valueOf(e.getMessage()),
                    "an address, a network such as 10.0.0.0/8, a host name or *.name");
        }
    }

    private int hours(Setting setting) {
        int hours = number(setting);
        if (hours > MAX_HOURS) {
            throw refused(setting, Integer.toString(hours), "a whole number from 1 to " + MAX_HOURS);
        }
        return hours;
    }

    private @Nullable URI mailServer() {
        String text = textOrNull(Setting.SMTP_URL);
        if (text == null) {
            return null;
        }
        try {
            URI server = new URI(text);
            boolean known = "smtp".equals(server.getScheme()) || "smtps".equals(server.getScheme());
            if (known && server.getHost() != null) {
                return server;
            }
        } catch (URISyntaxException e) {
            throw new CannotStart("SMTP_URL is no address: expected smtp://user:password@host:port");
        }
        throw new CannotStart("SMTP_URL is no address: expected smtp://user:password@host:port");
    }

    private @Nullable Tls tls() {
        if (!isOn(Setting.GRPC_TLS_ENABLED)) {
            return null;
        }
        return new Tls(file(Setting.GRPC_TLS_CERT_PATH), file(Setting.GRPC_TLS_KEY_PATH));
    }

    private Path file(Setting setting) {
        Path file = Path.of(text(setting));
        if (!Files.isReadable(file)) {
            throw refused(setting, file.toString(), "a file that can be read");
        }
        return file;
    }

    private @Nullable String textOrNull(Setting setting) {
        String flag = flags.get(setting);
        if (flag != null && !flag.isBlank()) {
            return flag.strip();
        }
        String variable = environment.get(setting.name());
        return variable != null && !variable.isBlank() ? variable.strip() : setting.byDefault();
    }

    private String text(Setting setting) {
        String value = textOrNull(setting);
        if (value == null) {
            throw new CannotStart(setting + " is missing");
        }
        return value;
    }

    private int number(Setting setting) {
        String value = text(setting);
        int least = setting.kind() == Kind.POSITIVE || setting.kind() == Kind.SECONDS ? 1 : 0;
        int most = setting.kind() == Kind.PORT ? MAX_PORT : MAX_NUMBER;
        try {
            int number = Integer.parseInt(value);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw refused(setting, value, "a whole number from " + least + " to " + most);
        }
        throw refused(setting, value, "a whole number from " + least + " to " + most);
    }

    private Duration seconds(Setting setting) {
        return Duration.ofSeconds(number(setting));
    }

    private boolean isOn(Setting setting) {
        String value = text(setting).toLowerCase(Locale.ROOT);
        return switch (value) {
            case "true", "1", "yes", "on" -> true;
            case "false", "0", "no", "off" -> false;
            default -> throw refused(setting, value, "true or false");
        };
    }

    private String word(Setting setting) {
        String value = text(setting);
        if (!setting.allows(value)) {
            throw refused(setting, value, setting.form().replace("|", " or "));
        }
        return value.toLowerCase(Locale.ROOT);
    }

    private <E extends Enum<E>> E choice(Setting setting, Class<E> of) {
        return Enum.valueOf(of, word(setting).toUpperCase(Locale.ROOT));
    }

    private List<String> list(Setting setting) {
        String value = textOrNull(setting);
        if (value == null) {
            return List.of();
        }
        return Arrays.stream(value.split(",", -1))
                .map(String::strip)
                .filter(item -> !item.isEmpty())
                .toList();
    }

    private static CannotStart refused(Setting setting, String value, String expected) {
        return new CannotStart(setting + " (" + setting.flag() + ") is '" + value + "': expected " + expected);
    }

    private static void refuseUnknown(Map<String, String> environment) {
        for (String name : environment.keySet()) {
            if (name.startsWith(PREFIX) && !Setting.OF_OTHERS.contains(name) && !isSetting(name)) {
                throw new CannotStart("unknown variable " + name + ": did you mean " + nearest(name) + "?");
            }
        }
    }

    private static boolean isSetting(String name) {
        return Arrays.stream(Setting.values())
                .anyMatch(setting -> setting.name().equals(name));
    }

    private static String nearest(String name) {
        String best = "";
        int least = Integer.MAX_VALUE;
        for (Setting setting : Setting.values()) {
            int far = Math.min(distance(name, setting.name()), distance(name, PREFIX + setting.name()));
            if (far < least) {
                least = far;
                best = setting.name();
            }
        }
        return best;
    }

    /// Letters to change, add or drop to make one of the other.
    private static int distance(String one, String other) {
        int[] row = new int[other.length() + 1];
        Arrays.setAll(row, i -> i);
        for (int i = 1; i <= one.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= other.length(); j++) {
                int swap = diagonal + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(swap, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[other.length()];
    }
}
