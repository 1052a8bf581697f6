package dev.spooled.grpc;

import dev.spooled.web.RequestObserver;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.time.Duration;

/// Tells the metrics of every call answered: as a route the method's full name, as a status gRPC's number.
final class Observed implements ServerInterceptor {
    private static final String METHOD = "GRPC";

    private final RequestObserver observer;

    Observed(RequestObserver observer) {
        this.observer = observer;
    }

    @Override
    public <A, B> ServerCall.Listener<A> interceptCall(
            ServerCall<A, B> call, Metadata headers, ServerCallHandler<A, B> next) {
        long began = System.nanoTime();
        String route = call.getMethodDescriptor().getFullMethodName();
        return next.startCall(
                new SimpleForwardingServerCall<>(call) {
                    @Override
                    public void close(Status status, Metadata trailers) {
                        super.close(status, trailers);
                        observer.answered(
                                METHOD, route, status.getCode().value(), Duration.ofNanos(System.nanoTime() - began));
                    }
                },
                headers);
    }
}
