package dev.spooled.grpc;

import dev.spooled.proto.v1.ProcessRequest;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// The receiving side of a stream of requests. Lets a client send ahead, up to so many requests and bytes;
/// beyond that the transport holds it back until answers have been taken.
final class Intake {
    private static final int MAX_AHEAD = 64;
    private static final int MAX_AHEAD_BYTES = 1 << 20;

    /// Jobs asked for in one group: each may be megabytes.
    private static final int MAX_DEQUEUES = 16;

    private final Runnable requestOne;
    private final ArrayDeque<ProcessRequest> waiting = new ArrayDeque<>();
    private int ahead;
    private long aheadBytes;
    private boolean requested;
    private boolean closed;

    Intake(Runnable requestOne) {
        this.requestOne = requestOne;
    }

    synchronized void open() {
        requestMore();
    }

    synchronized void add(ProcessRequest request) {
        requested = false;
        waiting.add(request);
        ahead++;
        aheadBytes += request.getSerializedSize();
        requestMore();
        notifyAll();
    }

    /// Nothing more will come.
    synchronized void close() {
        closed = true;
        notifyAll();
    }

    /// The requests that may be carried out at once, in their order: up to one that names a job again. Waits
    /// for the first; none at the end.
    synchronized List<ProcessRequest> take() {
        try {
            while (waiting.isEmpty() && !closed) {
                wait();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return List.of();
        }
        var group = new ArrayList<ProcessRequest>();
        Set<String> jobs = new HashSet<>();
        int dequeues = 0;
        while (!waiting.isEmpty()) {
            ProcessRequest next = waiting.peekFirst();
            dequeues += next.hasDequeue() ? 1 : 0;
            if (dequeues > MAX_DEQUEUES || !next.hasDequeue() && !jobs.add(job(next))) {
                break;
            }
            group.add(waiting.removeFirst());
        }
        return group;
    }

    /// The answers to these have been taken: as much may follow.
    synchronized void answered(List<ProcessRequest> group) {
        for (ProcessRequest request : group) {
            ahead--;
            aheadBytes -= request.getSerializedSize();
        }
        requestMore();
    }

    private void requestMore() {
        if (!requested && !closed && ahead < MAX_AHEAD && aheadBytes < MAX_AHEAD_BYTES) {
            requested = true;
            requestOne.run();
        }
    }

    private static String job(ProcessRequest request) {
        return switch (request.getRequestCase()) {
            case COMPLETE -> request.getComplete().getJobId();
            case FAIL -> request.getFail().getJobId();
            case RENEW_LEASE -> request.getRenewLease().getJobId();
            case DEQUEUE, REQUEST_NOT_SET -> "";
        };
    }
}
