package dev.spooled.web;

import io.helidon.common.uri.UriPath;
import io.helidon.http.Method;
import io.helidon.http.PathMatcher;
import io.helidon.http.PathMatchers;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.HttpRouting;
import java.util.ArrayList;
import java.util.List;

/// The routes of one listener, in the order they were named: a literal path is named before a template that would match
/// it too. It remembers them, to tell a wrong method (405) from an unknown path (404).
public final class Routes {
    private record Route(Method method, String template, PathMatcher path) {}

    private final HttpRouting.Builder to;
    private final Refuser refuser;
    private final SocketUpgrade sockets;
    private final List<Route> known = new ArrayList<>();

    Routes(HttpRouting.Builder to, Refuser refuser, SocketUpgrade sockets) {
        this.to = to;
        this.refuser = refuser;
        this.sockets = sockets;
    }

    public Routes get(String path, Handler handler) {
        return add(Method.GET, path, handler).add(Method.HEAD, path, handler);
    }

    public Routes post(String path, Handler handler) {
        return add(Method.POST, path, handler);
    }

    public Routes put(String path, Handler handler) {
        return add(Method.PUT, path, handler);
    }

    public Routes patch(String path, Handler handler) {
        return add(Method.PATCH, path, handler);
    }

    public Routes delete(String path, Handler handler) {
        return add(Method.DELETE, path, handler);
    }

    /// A WebSocket; `otherwise` answers a GET that asks for none.
    public Routes socket(SocketDoor door, Handler otherwise) {
        sockets.add(door);
        return get(door.path(), otherwise);
    }

    /// All routes, as `GET /path/{template}`.
    List<String> all() {
        return known.stream()
                .map(route -> route.method.text() + " " + route.template)
                .toList();
    }

    /// The methods a path answers to; none for a path nobody knows.
    List<String> methodsOf(UriPath path) {
        return known.stream()
                .filter(route -> route.path.match(path).accepted())
                .map(route -> route.method.text())
                .distinct()
                .toList();
    }

    private Routes add(Method method, String path, Handler handler) {
        known.add(new Route(method, path, PathMatchers.create(path)));
        to.route(method, path, refuser.guarding(handler));
        return this;
    }
}
