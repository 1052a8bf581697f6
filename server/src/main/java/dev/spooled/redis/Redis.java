package dev.spooled.redis;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/// A Redis, told by its address. Starts without it, comes back to it by itself, and whoever asks it something waits no
/// longer than said. Safe for any number of threads.
public final class Redis implements AutoCloseable {
    private static final Duration CONNECTING = Duration.ofSeconds(2);
    private static final int UNANSWERED_MAX = 10_000;

    private final ClientResources resources = DefaultClientResources.builder()
            .ioThreadPoolSize(2)
            .computationThreadPoolSize(2)
            .build();
    private final RedisClient client;
    private final Kept<StatefulRedisConnection<byte[], byte[]>> commands;
    private final List<Kept<StatefulRedisPubSubConnection<byte[], byte[]>>> subscribed = new ArrayList<>();

    /// Throws `IllegalArgumentException` for what is no address of a Redis.
    public Redis(String url) {
        RedisURI uri = RedisURI.create(url);
        uri.setTimeout(CONNECTING);
        client = RedisClient.create(resources, uri);
        client.setOptions(ClientOptions.builder()
                .autoReconnect(false)
                .disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
                .requestQueueSize(UNANSWERED_MAX)
                .socketOptions(SocketOptions.builder()
                        .connectTimeout(CONNECTING)
                        .keepAlive(true)
                        .tcpNoDelay(true)
                        .build())
                .build());
        commands = new Kept<>("commands", () -> client.connect(ByteArrayCodec.INSTANCE));
    }

    /// Hands what is published on the channel to `reader`, on a thread of the client's.
    public void subscribe(String channel, Consumer<byte[]> reader) {
        byte[] name = bytes(channel);
        subscribed.add(new Kept<>("subscription", () -> {
            StatefulRedisPubSubConnection<byte[], byte[]> connection = client.connectPubSub(ByteArrayCodec.INSTANCE);
            connection.addListener(new RedisPubSubAdapter<>() {
                @Override
                public void message(byte[] on, byte[] message) {
                    reader.accept(message);
                }
            });
            try {
                connection.sync().subscribe(name);
            } catch (RuntimeException e) {
                connection.closeAsync();
                throw e;
            }
            return connection;
        }));
    }

    /// After an exception any of them may have been published. A connection that does not answer in time is given up,
    /// so that nothing piles up in it.
    public void publish(String channel, List<byte[]> messages, Duration patience) throws IOException {
        byte[] name = bytes(channel);
        RedisAsyncCommands<byte[], byte[]> to = commands.get().async();
        List<RedisFuture<Long>> answers =
                messages.stream().map(message -> to.publish(name, message)).toList();
        long end = System.nanoTime() + patience.toNanos();
        try {
            for (RedisFuture<Long> answer : answers) {
                long unused = await(answer, end - System.nanoTime());
            }
        } catch (IOException e) {
            commands.reset();
            throw e;
        }
    }

    /// Runs a script on one key; answers the integers that it returns.
    public long[] run(Script script, String key, List<String> arguments, Duration patience) throws IOException {
        RedisAsyncCommands<byte[], byte[]> to = commands.get().async();
        byte[][] keys = {bytes(key)};
        byte[][] args = arguments.stream().map(Redis::bytes).toArray(byte[][]::new);
        long end = System.nanoTime() + patience.toNanos();
        try {
            return numbers(
                    await(to.evalsha(script.sha(), ScriptOutputType.MULTI, keys, args), end - System.nanoTime()));
        } catch (Unknown e) {
            return numbers(await(to.eval(script.text(), ScriptOutputType.MULTI, keys, args), end - System.nanoTime()));
        }
    }

    private static long[] numbers(Object answer) throws IOException {
        if (answer instanceof List<?> list && list.stream().allMatch(Long.class::isInstance)) {
            return list.stream().mapToLong(Long.class::cast).toArray();
        }
        throw new IOException("an unexpected answer of Redis");
    }

    /// The script is not known there yet.
    private static final class Unknown extends IOException {
        Unknown(Throwable cause) {
            super(cause);
        }
    }

    private static <T> T await(RedisFuture<T> answer, long nanos) throws IOException {
        try {
            return answer.get(Math.max(0, nanos), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof io.lettuce.core.RedisNoScriptException ? new Unknown(e) : new IOException(e);
        } catch (TimeoutException e) {
            answer.cancel(true);
            throw new IOException("Redis took too long", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /// Gives up the connections, however open they look, for new ones.
    public void reset() {
        commands.reset();
        subscribed.forEach(Kept::reset);
    }

    @Override
    public void close() {
        subscribed.forEach(Kept::close);
        commands.close();
        client.shutdown(Duration.ZERO, CONNECTING);
        var unused = resources.shutdown(0, CONNECTING.toSeconds(), TimeUnit.SECONDS);
    }
}
