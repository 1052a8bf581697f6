/// Events as they happen, over SSE and WebSocket. Start at `Hub`: it hears of commits from the lane and of the rest
/// from the operations, and puts both into the `Feed` of their organization, which keeps the newest for those who come
/// back. A connection is a `Listener` with an `Interest`; it reads from the feed at its own pace, so that nobody ever
/// waits for it. `LiveHttp` and `SocketHttp` are the
/// doors, `Rounds` looks after who listens.
@NullMarked
package dev.spooled.live;

import org.jspecify.annotations.NullMarked;
