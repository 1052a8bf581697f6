package dev.spooled.bench;

import java.time.Duration;

/// What is asked of the server, in a closed loop: each caller sends its next request when it has the answer to its
/// last.
///
/// @param producers callers that enqueue
/// @param workers callers that claim, then complete each job singly
/// @param queues queues the jobs are spread over; worker n stays with queue n modulo queues
/// @param priorities jobs get one of this many priorities, from 0
/// @param claimLimit most jobs a worker takes at once
/// @param patience how long a claim may wait for a job
/// @param bulk jobs per enqueue request
/// @param bound most jobs that exist unfinished; a producer that would exceed it waits for a completion
/// @param pause time between two enqueues of one producer, zero for none
record Load(
        int producers,
        int workers,
        int queues,
        int priorities,
        int claimLimit,
        Duration patience,
        int bulk,
        int bound,
        Duration pause) {
    /// No bound in practice, and small enough that arithmetic on it cannot overflow.
    static final int UNBOUNDED = 1 << 30;

    Load {
        positive("producers", producers);
        positive("queues", queues);
        positive("priorities", priorities);
        positive("claim limit", claimLimit);
        positive("jobs per request", bulk);
        if (bound < bulk || bound > UNBOUNDED) {
            throw new IllegalArgumentException("a bound of " + bound + " has no room for one request of " + bulk);
        }
        if (workers < 0 || workers > 0 && workers < queues) {
            throw new IllegalArgumentException("every queue needs a worker, or none has one; got " + workers
                    + " workers for " + queues + " queues");
        }
    }

    /// The bound that keeps about `backlog` jobs ready beyond what workers hold. Without a backlog it leaves two jobs
    /// per worker, so that workers wait for jobs and not the other way round; without workers nothing is
    /// ever finished, so nothing is bounded.
    static int boundFor(int backlog, int workers, int claimLimit) {
        if (workers == 0) {
            return UNBOUNDED;
        }
        return backlog == 0 ? 2 * workers : backlog + workers * claimLimit;
    }

    private static void positive(String what, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(what + " must be at least 1, got " + value);
        }
    }
}
