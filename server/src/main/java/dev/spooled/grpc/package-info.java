/// Jobs and workers over gRPC: `GrpcServer` listens, `Entrance` lets callers in, `QueueCalls`, `WorkerCalls`
/// and `BatchCalls` are the doors to the operations, `Statuses` says no. Streams are `PushStream` and
/// `ProcessStream`.
@NullMarked
package dev.spooled.grpc;

import org.jspecify.annotations.NullMarked;
