package dev.spooled.grpc;

import dev.spooled.access.Caller;
import dev.spooled.access.Scope;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.StatusRuntimeException;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Stands before every method that needs credentials: the metadata `x-api-key`, else `authorization`. A unary
/// call costs one request of the caller's rate here; streams pay as they go.
final class Entrance implements ServerInterceptor {
    private static final Metadata.Key<String> API_KEY = Metadata.Key.of("x-api-key", Metadata.ASCII_STRING_MARSHALLER);
    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    private static final Metadata.Key<String> MAX_IN_FLIGHT =
            Metadata.Key.of("x-spooled-max-inflight", Metadata.ASCII_STRING_MARSHALLER);
    private static final Pattern COUNT = Pattern.compile("[1-9][0-9]{0,5}");
    private static final String BEARER = "bearer ";
    private static final Set<String> READS = Set.of("GetJob", "GetQueueStats");
    private static final int MAX_LENGTH = 4_096;

    private final Admission admission;
    private final StreamPlaces places;

    Entrance(Admission admission, StreamPlaces places) {
        this.admission = admission;
        this.places = places;
    }

    @Override
    public <A, B> ServerCall.Listener<A> interceptCall(
            ServerCall<A, B> call, Metadata headers, ServerCallHandler<A, B> next) {
        MethodDescriptor<A, B> method = call.getMethodDescriptor();
        try {
            var client = new Client(admission, presented(headers), maxInFlight(headers));
            Caller caller = client.caller();
            caller.check(READS.contains(method.getBareMethodName()) ? Scope.READ : Scope.OPERATE);
            Context admitted = client.in(Context.current(), caller);
            if (method.getType() == MethodType.UNARY) {
                client.charge(caller);
                return Contexts.interceptCall(admitted, call, headers, next);
            }
            return placed(caller, () -> Contexts.interceptCall(admitted, call, headers, next));
        } catch (RuntimeException e) {
            StatusRuntimeException refused = Statuses.of(e);
            Metadata trailers = refused.getTrailers();
            call.close(refused.getStatus(), trailers == null ? new Metadata() : trailers);
            return new ServerCall.Listener<>() {};
        }
    }

    private <A> ServerCall.Listener<A> placed(Caller caller, Supplier<ServerCall.Listener<A>> start) {
        Runnable giveBack = places.take(caller);
        try {
            return new Placed<>(start.get(), giveBack);
        } catch (RuntimeException e) {
            giveBack.run();
            throw e;
        }
    }

    /// A stream gives its place back when it ends, in whichever of the two ways calls end.
    private static final class Placed<A> extends SimpleForwardingServerCallListener<A> {
        private final Runnable giveBack;

        Placed(ServerCall.Listener<A> call, Runnable giveBack) {
            super(call);
            this.giveBack = giveBack;
        }

        @Override
        public void onCancel() {
            giveBack.run();
            super.onCancel();
        }

        @Override
        public void onComplete() {
            giveBack.run();
            super.onComplete();
        }
    }

    private static String presented(Metadata headers) {
        String key = headers.get(API_KEY);
        String presented = key == null ? bearer(headers.get(AUTHORIZATION)) : key.strip();
        if (!presented.chars().allMatch(c -> c >= ' ' && c < 0x7F)) {
            throw unauthenticated("Invalid credential encoding");
        }
        if (presented.isEmpty() || presented.length() > MAX_LENGTH) {
            throw unauthenticated("Invalid API key");
        }
        return presented;
    }

    private static String bearer(@Nullable String header) {
        if (header == null) {
            throw unauthenticated("Missing x-api-key or authorization header");
        }
        boolean named = header.regionMatches(true, 0, BEARER, 0, BEARER.length());
        return (named ? header.substring(BEARER.length()) : header).strip();
    }

    private static @Nullable Integer maxInFlight(Metadata headers) {
        String asked = headers.get(MAX_IN_FLIGHT);
        if (asked != null && !COUNT.matcher(asked).matches()) {
            throw Refused.invalid("x-spooled-max-inflight", "x-spooled-max-inflight must be a number from 1 to 999999");
        }
        return asked == null ? null : Integer.valueOf(asked);
    }

    private static Refused unauthenticated(String message) {
        return new Refused(new Refusal.Unauthenticated(message));
    }
}
