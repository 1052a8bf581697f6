package dev.spooled.grpc;

import io.netty.channel.Channel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/// A listening socket that takes only so many connections at once; more are closed as they come.
final class CappedServerChannel extends NioServerSocketChannel {
    private final int most;
    private final AtomicInteger open = new AtomicInteger();

    CappedServerChannel(int most) {
        this.most = most;
    }

    @Override
    protected int doReadMessages(List<Object> accepted) throws Exception {
        int count = super.doReadMessages(accepted);
        if (count == 1) {
            var connection = (Channel) accepted.getLast();
            if (open.incrementAndGet() > most) {
                open.decrementAndGet();
                accepted.removeLast();
                connection.unsafe().closeForcibly();
                return 0;
            }
            connection.closeFuture().addListener(closed -> open.decrementAndGet());
        }
        return count;
    }
}
