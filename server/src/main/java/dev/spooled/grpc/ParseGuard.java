package dev.spooled.grpc;

import com.google.protobuf.MessageLite;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.PrototypeMarshaller;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.InputStream;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Answers requests that are no messages (broken, nested too deep, text that is not UTF-8) with
/// INVALID_ARGUMENT, where the library would take them for a fault of the server.
final class ParseGuard {
    private static final Status MALFORMED =
            Status.INVALID_ARGUMENT.withDescription("The request is malformed: not a message of its type in UTF-8");

    private ParseGuard() {}

    static ServerServiceDefinition before(ServerServiceDefinition service) {
        List<ServerMethodDefinition<?, ?>> methods = service.getMethods().stream()
                .<ServerMethodDefinition<?, ?>>map(ParseGuard::guarded)
                .toList();
        ServiceDescriptor plain = service.getServiceDescriptor();
        var described = ServiceDescriptor.newBuilder(plain.getName()).setSchemaDescriptor(plain.getSchemaDescriptor());
        methods.forEach(method -> described.addMethod(method.getMethodDescriptor()));
        var guarded = ServerServiceDefinition.builder(described.build());
        methods.forEach(guarded::addMethod);
        return guarded.build();
    }

    /// What cannot be read becomes one message that is told from all others by its identity.
    private static <A, B> ServerMethodDefinition<A, B> guarded(ServerMethodDefinition<A, B> method) {
        MethodDescriptor<A, B> descriptor = method.getMethodDescriptor();
        var marshaller = (PrototypeMarshaller<A>) descriptor.getRequestMarshaller();
        A malformed = unlikeAnyOther(marshaller);
        return ServerMethodDefinition.create(
                descriptor.toBuilder(new Lenient<>(marshaller, malformed), descriptor.getResponseMarshaller())
                        .build(),
                new Refusing<>(method.getServerCallHandler(), malformed));
    }

    @SuppressWarnings("unchecked")
    private static <A> A unlikeAnyOther(PrototypeMarshaller<A> marshaller) {
        var prototype = (MessageLite) Objects.requireNonNull(marshaller.getMessagePrototype());
        return (A) prototype.newBuilderForType().build();
    }

    private record Lenient<A>(PrototypeMarshaller<A> exact, A malformed) implements PrototypeMarshaller<A> {
        @Override
        public InputStream stream(A message) {
            return exact.stream(message);
        }

        @Override
        public A parse(InputStream stream) {
            try {
                return exact.parse(stream);
            } catch (StatusRuntimeException e) {
                return malformed;
            }
        }

        @Override
        public @Nullable A getMessagePrototype() {
            return exact.getMessagePrototype();
        }

        @Override
        public Class<A> getMessageClass() {
            return exact.getMessageClass();
        }
    }

    private record Refusing<A, B>(ServerCallHandler<A, B> handler, A malformed) implements ServerCallHandler<A, B> {
        @Override
        public ServerCall.Listener<A> startCall(ServerCall<A, B> call, Metadata headers) {
            return new Listener<>(handler.startCall(call, headers), call, malformed);
        }
    }

    private static final class Listener<A> extends SimpleForwardingServerCallListener<A> {
        private final ServerCall<A, ?> call;
        private final A malformed;
        private boolean refused;

        Listener(ServerCall.Listener<A> to, ServerCall<A, ?> call, A malformed) {
            super(to);
            this.call = call;
            this.malformed = malformed;
        }

        @Override
        @SuppressWarnings("ReferenceEquality")
        public void onMessage(A message) {
            if (message == malformed && !refused) {
                refused = true;
                call.close(MALFORMED, new Metadata());
            } else if (!refused) {
                super.onMessage(message);
            }
        }

        @Override
        public void onHalfClose() {
            if (!refused) {
                super.onHalfClose();
            }
        }
    }
}
