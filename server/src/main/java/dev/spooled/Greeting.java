package dev.spooled;

import dev.spooled.config.Config;
import dev.spooled.grpc.GrpcServer;
import dev.spooled.web.Web;
import java.lang.management.ManagementFactory;
import java.util.Locale;

/// What a person reads when the server is up: where the doors and the data are, the key, and a line to paste. Only the
/// first start shows the key itself, later ones say where it is kept.
final class Greeting {
    private Greeting() {}

    static String of(Config config, Web web, GrpcServer grpc, FirstKey firstKey, boolean firstStart) {
        String url = "http://" + shown(config.listen().host()) + ":" + web.port();
        String key = firstStart
                ? firstKey.kept().orElseThrow()
                : firstKey.kept().isPresent() ? "$(cat " + firstKey.file() + ")" : "<key>";
        String data = config.storage().databaseUrl() == null
                ? config.storage().dataDirectory().toAbsolutePath().normalize() + " (embedded PostgreSQL)"
                : "the PostgreSQL of DATABASE_URL";
        return String.format(
                Locale.ROOT,
                """

                Spooled %s is ready after %.2f s
                  API      %s/api/v1   (readiness: %s/health/ready)
                  gRPC     %s:%d (%s)
                  metrics  http://%s:%d/metrics
                  data     %s
                  key      %s

                export SPOOLED_URL=%s SPOOLED_KEY=%s

                A first job:
                curl -sS -H "Authorization: Bearer %s" -H "Content-Type: application/json" -d '{"queue_name":"hello","payload":{"to":"world"}}' %s/api/v1/jobs
                """,
                App.VERSION,
                ManagementFactory.getRuntimeMXBean().getUptime() / 1_000.0,
                url,
                url,
                shown(config.listen().host()),
                grpc.port(),
                grpc.isSecure() ? "TLS" : "plain text",
                shown(config.listen().host()),
                web.metricsPort(),
                data,
                place(firstKey),
                url,
                key,
                key,
                url);
    }

    private static String place(FirstKey firstKey) {
        return firstKey.kept().isPresent()
                ? "of organization \"default\", kept in " + firstKey.file()
                : "not in this data directory: another server made it, or make one with the admin key";
    }

    private static String shown(String host) {
        return host.equals("0.0.0.0") || host.equals("::") ? "localhost" : host;
    }
}
