package dev.spooled.live;

import dev.spooled.access.Authenticate;
import dev.spooled.access.Caller;
import dev.spooled.live.Listener.Who;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import dev.spooled.web.Connection;
import dev.spooled.web.Door;
import dev.spooled.web.Routes;
import dev.spooled.web.SocketDoor;
import io.helidon.common.uri.UriQuery;
import io.helidon.http.Headers;
import io.helidon.http.ServerResponseHeaders;

/// Live events over WebSocket.
public final class SocketHttp implements Door, SocketDoor {
    private final Hub hub;
    private final Authenticate authenticate;

    public SocketHttp(Hub hub, Authenticate authenticate) {
        this.hub = hub;
        this.authenticate = authenticate;
    }

    @Override
    public void open(Routes routes) {
        routes.socket(this, authenticate.listening((request, response, caller, credential) -> {
            throw new Refused(new Refusal.BadRequest("This is a WebSocket: connect with Upgrade: websocket"));
        }));
    }

    @Override
    public String path() {
        return "/api/v1/ws";
    }

    @Override
    public Conversation enter(Headers headers, UriQuery query, ServerResponseHeaders answer) {
        String credential = Authenticate.presentedToListen(headers, query);
        Caller caller = authenticate.admit(credential, answer);
        var asked = new LiveHttp.Asked(headers, query);
        asked.check(caller);
        Dialect dialect = asked.asksForDialect();
        var interest = Interest.all(dialect, asked.filter(), caller.queues());
        String last = asked.word("last_event_id");
        var who = new Who(Listener.Door.WEBSOCKET, caller, credential);
        Hub.Joined joined = hub.open(who, interest, last, Connection.cutter());
        return new SocketTalk(hub, joined, dialect, last != null);
    }
}
