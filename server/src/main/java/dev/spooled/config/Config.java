package dev.spooled.config;

import dev.spooled.outbound.Targets;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Everything a server is told from outside, read once at its start (`ConfigReader`) and never changed after.
public record Config(
        Listen listen,
        Grpc grpc,
        Live live,
        Storage storage,
        Nodes nodes,
        Access access,
        Login login,
        Web web,
        Providers providers,
        Jobs jobs,
        Plans plans,
        Webhooks webhooks,
        Duration drainDelay,
        Duration drain,
        LogForm log) {

    /// The same with its jobs in another database.
    public Config withDatabase(String url) {
        return new Config(
                listen,
                grpc,
                live,
                storage.in(url),
                nodes,
                access,
                login,
                web,
                providers,
                jobs,
                plans,
                webhooks,
                drainDelay,
                drain,
                log);
    }

    /// Where the doors are. Port 0 takes a free one.
    public record Listen(String host, int port, int grpcPort, int metricsPort) {}

    /// How the gRPC port behaves. Without `tls` it speaks plain text.
    public record Grpc(
            @Nullable Tls tls,
            int maxMessageBytes,
            int maxConnections,
            int maxStreams,
            int streamsOfOrganization,
            Duration keepAlive) {}

    /// Connections for live events at once: of an organization by SSE and by WebSocket, and of all.
    public record Live(int streams, int sockets, int connections) {}

    /// Files in PEM form.
    public record Tls(Path certificate, Path key) {}

    /// Where jobs are kept: in the PostgreSQL of `databaseUrl`, or in our own under `dataDirectory`; and the URLs of
    /// further cells by number.
    public record Storage(
            Path dataDirectory,
            @Nullable String databaseUrl,
            int connections,
            LaneWay lane,
            Map<Integer, String> cells) {
        Storage in(String url) {
            return new Storage(dataDirectory, url, connections, lane, cells);
        }

        @Override
        public String toString() {
            return databaseUrl == null ? dataDirectory.toString() : "external PostgreSQL";
        }
    }

    /// What is between several nodes: the address of a Redis, and how long a request may wait for it.
    public record Nodes(@Nullable String redisUrl, Duration redisPatience) {
        @Override
        public String toString() {
            return redisUrl == null ? "no Redis" : "Redis";
        }
    }

    public record Access(
            @Nullable String adminApiKey, @Nullable String metricsToken, RegistrationMode registration) {
        @Override
        public String toString() {
            return "registration " + registration;
        }
    }

    /// How tokens are signed, secrets sealed and e-mail is sent. Secrets that are null are kept in the data
    /// directory.
    public record Login(
            @Nullable String jwtSecret,
            @Nullable String previousJwtSecret,
            Duration tokenLife,
            @Nullable String secretKey,
            @Nullable URI smtp,
            String mailFrom,
            boolean dev) {
        @Override
        public String toString() {
            return "tokens of " + tokenLife;
        }
    }

    public record Web(
            List<String> corsOrigins,
            boolean hsts,
            @Nullable String publicUrl,
            List<String> trustedProxies) {}

    /// Secrets that providers sign webhooks with, by the provider's name.
    public record Providers(Map<String, String> secrets) {
        @Override
        public String toString() {
            return secrets.keySet().toString();
        }
    }

    /// What a job gets when neither it nor its queue says otherwise.
    public record Jobs(Duration lease, Duration heartbeat, int maxRetries, Duration timeout) {
        public Jobs {
            if (heartbeat.compareTo(lease) >= 0) {
                throw new CannotStart("WORKER_HEARTBEAT_INTERVAL_SECS is " + heartbeat.toSeconds()
                        + ": expected less than WORKER_LEASE_DURATION_SECS, which is " + lease.toSeconds());
            }
        }
    }

    public record Plans(PlanLimits limits, String byDefault) {}

    /// Where webhooks may go besides the Internet, also to this machine, and how many at once.
    public record Webhooks(List<String> allowed, boolean toThisMachine, int atOnce) {
        public Targets targets() {
            return Targets.of(allowed, toThisMachine);
        }
    }

    public enum RegistrationMode {
        OPEN,
        CLOSED,
        INVITE
    }

    public enum PlanLimits {
        UNLIMITED,
        TABLE
    }

    public enum LaneWay {
        EXACT,
        KEYED,
        ASSERTED
    }

    public enum LogForm {
        TEXT,
        JSON
    }
}
