package dev.spooled.webhooks;

import dev.spooled.outbound.ForbiddenTarget;
import dev.spooled.outbound.SafeResolver;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLException;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.apache.hc.client5.http.DnsResolver;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.ManagedHttpClientConnectionFactory;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.client5.http.io.HttpClientConnectionManager;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;
import org.jspecify.annotations.Nullable;

/// Makes single attempts, each within a time that holds for all of it: lookup, connection, request and answer.
/// Dials only addresses that the resolver let through, follows nothing, keeps no cookies, unpacks nothing, and
/// reads no more of an answer than it keeps.
final class Sender implements AutoCloseable {
    /// Contract: ten seconds to connect, thirty for all.
    static final Limits STANDARD = new Limits(Duration.ofSeconds(10), Duration.ofSeconds(30), 64, 512);

    private static final int READ_MAX = 16 * 1024;
    private static final int KEPT_CHARACTERS = 500;
    private static final int LINE_MAX = 8 * 1024;
    private static final int HEADERS_MAX = 100;
    private static final Duration IDLE = Duration.ofSeconds(30);

    private final CloseableHttpClient client;
    private final Limits limits;
    private final ScheduledExecutorService alarm = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("webhook-alarm").factory());

    /// Times, and connections to one host and in total.
    record Limits(Duration connect, Duration total, int perHost, int inTotal) {}

    Sender(SafeResolver resolver, Limits limits) {
        this.limits = limits;
        client = HttpClients.custom()
                .setConnectionManager(connections(resolver, limits))
                .setDefaultRequestConfig(RequestConfig.custom()
                        .setConnectionRequestTimeout(timeout(limits.total()))
                        .setResponseTimeout(timeout(limits.total()))
                        .setProtocolUpgradeEnabled(false)
                        .setRedirectsEnabled(false)
                        .setAuthenticationEnabled(false)
                        .build())
                .setUserAgent("Spooled-Webhook/1.0")
                .disableRedirectHandling()
                .disableAutomaticRetries()
                .disableContentCompression()
                .disableCookieManagement()
                .disableAuthCaching()
                .disableConnectionState()
                .evictIdleConnections(TimeValue.ofSeconds(IDLE.toSeconds()))
                .build();
    }

    private static HttpClientConnectionManager connections(SafeResolver resolver, Limits limits) {
        var bounds = Http1Config.custom()
                .setMaxLineLength(LINE_MAX)
                .setMaxHeaderCount(HEADERS_MAX)
                .build();
        return PoolingHttpClientConnectionManagerBuilder.create()
                .setDnsResolver(new Pinned(resolver))
                .setConnectionFactory(ManagedHttpClientConnectionFactory.builder()
                        .http1Config(bounds)
                        .responseParserFactory(new WholeHeads())
                        .build())
                .setDefaultConnectionConfig(ConnectionConfig.custom()
                        .setConnectTimeout(timeout(limits.connect()))
                        .setSocketTimeout(timeout(limits.total()))
                        .setValidateAfterInactivity(TimeValue.ofMilliseconds(200))
                        .setTimeToLive(TimeValue.ofMinutes(5))
                        .build())
                .setMaxConnPerRoute(limits.perHost())
                .setMaxConnTotal(limits.inTotal())
                .build();
    }

    private static Timeout timeout(Duration time) {
        return Timeout.of(time);
    }

    /// The only source of addresses that the client has.
    private record Pinned(SafeResolver resolver) implements DnsResolver {
        @Override
        public InetAddress[] resolve(String host) throws UnknownHostException {
            return resolver.permitted(host).toArray(InetAddress[]::new);
        }

        @Override
        public List<InetSocketAddress> resolve(String host, int port) throws UnknownHostException {
            return resolver.permitted(host).stream()
                    .map(address -> new InetSocketAddress(address, port))
                    .toList();
        }

        @Override
        public String resolveCanonicalHostname(String host) {
            return host;
        }
    }

    Duration patience() {
        return limits.total();
    }

    /// One attempt. Called on a thread of its own: when the time is up that thread is interrupted.
    Answered send(Parcel parcel, Duration within) {
        HttpPost request = request(parcel);
        long started = System.nanoTime();
        var late = new AtomicBoolean();
        Thread sending = Thread.currentThread();
        ScheduledFuture<?> alarmed = alarm.schedule(
                () -> {
                    late.set(true);
                    request.cancel();
                    sending.interrupt();
                },
                within.toMillis(),
                TimeUnit.MILLISECONDS);
        try {
            ClassicHttpResponse response = client.executeOpen(null, request, null);
            String body = beginning(request, response);
            Header retryAfter = response.getFirstHeader("Retry-After");
            int status = response.getCode();
            String error = status >= 200 && status < 300 ? null : "the receiver answered " + status;
            return new Answered(
                    status, body, millis(started), error, retryAfter == null ? null : retryAfter.getValue());
        } catch (IOException | RuntimeException e) {
            String error = late.get() ? "no answer within " + within.toSeconds() + " seconds" : reason(e);
            return Answered.failed(error, millis(started));
        } finally {
            alarmed.cancel(false);
        }
    }

    private static HttpPost request(Parcel parcel) {
        var request = new HttpPost(parcel.url());
        String timestamp = Long.toString(parcel.timestamp());
        request.setHeader("X-Spooled-Event", parcel.event());
        request.setHeader("X-Spooled-Timestamp", timestamp);
        request.setHeader("X-Spooled-Delivery-Attempt", Integer.toString(parcel.attempt()));
        request.setHeader("X-Spooled-Delivery-ID", parcel.id().toString());
        request.setHeader("webhook-id", parcel.id().toString());
        request.setHeader("webhook-timestamp", timestamp);
        sign(request, parcel);
        request.setEntity(new ByteArrayEntity(parcel.body(), ContentType.create("application/json")));
        return request;
    }

    private static void sign(HttpPost request, Parcel parcel) {
        if (parcel.secrets().isEmpty()) {
            return;
        }
        List<String> secrets = parcel.secrets();
        request.setHeader("X-Spooled-Signature", Signatures.own(secrets.getFirst(), parcel.timestamp(), parcel.body()));
        if (secrets.size() > 1) {
            request.setHeader(
                    "X-Spooled-Signature-Previous", Signatures.own(secrets.get(1), parcel.timestamp(), parcel.body()));
        }
        List<String> standard = secrets.stream()
                .map(secret -> Signatures.standard(secret, parcel.id(), parcel.timestamp(), parcel.body()))
                .toList();
        request.setHeader("webhook-signature", String.join(" ", standard));
    }

    /// The first characters, without control characters. A body that goes on costs the connection, not our time:
    /// closing an answer would read all of the rest, so the connection is cut before.
    private static @Nullable String beginning(HttpPost request, ClassicHttpResponse response) throws IOException {
        HttpEntity entity = response.getEntity();
        if (entity == null) {
            response.close();
            return null;
        }
        var in = new FirstBytes(entity.getContent(), READ_MAX);
        byte[] read = in.readAllBytes();
        if (in.left <= 0) {
            request.cancel();
            return kept(read);
        }
        response.close();
        return kept(read);
    }

    private static String kept(byte[] read) {
        String text = new String(read, StandardCharsets.UTF_8)
                .replaceAll("\\p{Cntrl}+", " ")
                .strip();
        int end = text.offsetByCodePoints(0, Math.min(KEPT_CHARACTERS, text.codePointCount(0, text.length())));
        return text.substring(0, end);
    }

    /// Ends after so many bytes.
    private static final class FirstBytes extends InputStream {
        private final InputStream in;
        private int left;

        FirstBytes(InputStream in, int left) {
            this.in = in;
            this.left = left;
        }

        @Override
        public int read() throws IOException {
            return left-- > 0 ? in.read() : -1;
        }

        @Override
        public int read(byte[] to, int offset, int length) throws IOException {
            if (left <= 0) {
                return -1;
            }
            int read = in.read(to, offset, Math.min(length, left));
            left -= Math.max(read, 0);
            return read;
        }
    }

    /// In words that tell a tenant nothing of the network this server stands in.
    private static String reason(Exception e) {
        return switch (e) {
            case ForbiddenTarget forbidden -> "not sent: " + forbidden.getMessage();
            case UnknownHostException unknown -> "the host name could not be looked up";
            case SSLException broken -> "no TLS connection: the certificate or protocol was not accepted";
            case ConnectTimeoutException late -> "no connection within the time-out";
            case SocketTimeoutException late -> "no answer within the time-out";
            case ConnectException refused -> "no connection";
            case InterruptedIOException interrupted -> "no connection free in time";
            default -> "the connection broke off";
        };
    }

    private static int millis(long startedNanos) {
        return (int) TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedNanos);
    }

    @Override
    public void close() {
        alarm.shutdownNow();
        client.close(org.apache.hc.core5.io.CloseMode.IMMEDIATE);
    }
}
