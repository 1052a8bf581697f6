package dev.spooled.web;

import io.helidon.common.uri.UriQuery;
import io.helidon.http.Headers;
import io.helidon.http.ServerResponseHeaders;

/// What a feature offers over WebSocket, at one path.
public interface SocketDoor {
    String path();

    /// Lets somebody in, or throws `Refused`, which is answered as with any request. Called before the connection
    /// becomes a WebSocket; may put headers into the answer.
    Conversation enter(Headers headers, UriQuery query, ServerResponseHeaders answer);

    /// Somebody who was let in.
    interface Conversation extends AutoCloseable {
        /// Talks until there is no more to say. Runs on the connection's thread.
        void hold(WebSocket socket);

        /// Called in the end, also when it never came to a conversation.
        @Override
        void close();
    }
}
