package dev.spooled.grpc;

import dev.spooled.access.Caller;
import dev.spooled.engine.Command.Leased;
import dev.spooled.jobs.ClaimRequest;
import dev.spooled.jobs.Jobs;
import dev.spooled.proto.v1.DequeueRequest;
import dev.spooled.proto.v1.ErrorResponse;
import dev.spooled.proto.v1.Job;
import dev.spooled.proto.v1.ProcessRequest;
import dev.spooled.proto.v1.ProcessResponse;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/// Operations of one worker on one stream: one answer to each request, in their order. Requests that came in
/// while others were carried out form a group: its acknowledgements are carried out at once, then its dequeues,
/// equal ones by one claim. The next group waits until the answers have left for the client, so one that does
/// not read is not served.
final class ProcessStream implements Streams.Endless, StreamObserver<ProcessRequest> {
    private static final int MAX_UNTAKEN_BYTES = 1 << 20;
    private static final ProcessResponse NO_JOBS = error("NO_JOBS", "No jobs available");
    private static final ProcessResponse NO_OPERATION =
            error("INVALID_REQUEST", "The request names no operation: dequeue, complete, fail or renew_lease");

    private final Client client;
    private final Jobs jobs;
    private final Taking taking;
    private final Settling settling;
    private final Streams streams;
    private final Outlet<ProcessResponse> outlet;
    private final Intake intake;
    private final ArrayDeque<UnderWay> underWay = new ArrayDeque<>();
    private volatile boolean stopping;

    /// A job sent, until it is known to have left.
    private record UnderWay(long number, Caller caller, Leased lease) {}

    /// An answer, with the lease of the job it hands over.
    private record Answer(
            ProcessResponse response, @Nullable Leased lease) {
        Answer(ProcessResponse response) {
            this(response, null);
        }
    }

    ProcessStream(
            Client client,
            Jobs jobs,
            Settling settling,
            Streams streams,
            ServerCallStreamObserver<ProcessResponse> call) {
        this.client = client;
        this.jobs = jobs;
        this.taking = new Taking(jobs);
        this.settling = settling;
        this.streams = streams;
        call.disableAutoRequest();
        this.intake = new Intake(() -> call.request(1));
        this.outlet = new Outlet<>(call, intake::close);
    }

    // ---- from the client

    @Override
    public void onNext(ProcessRequest request) {
        intake.add(request);
    }

    @Override
    public void onError(Throwable cancelled) {
        intake.close();
    }

    @Override
    public void onCompleted() {
        intake.close();
    }

    @Override
    public void serverStops() {
        stopping = true;
        intake.close();
    }

    // ---- on the stream's own thread

    @Override
    public void run() {
        intake.open();
        try {
            List<ProcessRequest> group = intake.take();
            while (!group.isEmpty() && outlet.awaitEmpty()) {
                answer(group);
                if (outlet.awaitEmpty()) {
                    underWay.clear();
                    intake.answered(group);
                }
                group = intake.take();
            }
            if (stopping) {
                throw Refused.unavailable("The server is stopping");
            }
            outlet.complete();
        } catch (RuntimeException e) {
            outlet.fail(Statuses.of(e));
        } finally {
            giveBack();
        }
    }

    private void answer(List<ProcessRequest> group) {
        Caller caller;
        try {
            caller = client.caller();
        } catch (RuntimeException e) {
            refuseAll(group, Statuses.refusalOf(e));
            return;
        }
        var answers = new @Nullable Answer[group.size()];
        for (int i = 0; i < answers.length; i++) {
            answers[i] = unpaid(caller);
        }
        settle(caller, group, answers);
        dequeue(caller, group, answers);
        note(caller, answers);
        for (Answer answer : answers) {
            send(Objects.requireNonNull(answer).response());
        }
    }

    /// A key that is no longer in force ends the stream after the first answer that says so.
    private void refuseAll(List<ProcessRequest> group, Refusal refusal) {
        if (refusal instanceof Refusal.Unauthenticated) {
            send(error(refusal));
            throw new Refused(refusal);
        }
        group.forEach(request -> send(error(refusal)));
    }

    private @Nullable Answer unpaid(Caller caller) {
        try {
            client.charge(caller);
            return null;
        } catch (Refused refused) {
            return new Answer(error(refused.refusal()));
        }
    }

    private void settle(Caller caller, List<ProcessRequest> group, @Nullable Answer[] answers) {
        var places = new ArrayList<Integer>();
        var work = new ArrayList<Callable<ProcessResponse>>();
        for (int i = 0; i < answers.length; i++) {
            ProcessRequest request = group.get(i);
            if (answers[i] == null && !request.hasDequeue()) {
                places.add(i);
                work.add(() -> settled(caller, request));
            }
        }
        List<ProcessResponse> settled =
                work.size() == 1 ? List.of(settled(caller, group.get(places.getFirst()))) : streams.together(work);
        for (int i = 0; i < settled.size(); i++) {
            answers[places.get(i)] = new Answer(settled.get(i));
        }
    }

    private ProcessResponse settled(Caller caller, ProcessRequest request) {
        var to = ProcessResponse.newBuilder();
        try {
            return switch (request.getRequestCase()) {
                case COMPLETE ->
                    to.setComplete(settling.complete(caller, request.getComplete()))
                            .build();
                case FAIL ->
                    to.setFail(settling.fail(caller, request.getFail())).build();
                case RENEW_LEASE ->
                    to.setRenewLease(settling.renew(caller, request.getRenewLease()))
                            .build();
                case DEQUEUE, REQUEST_NOT_SET -> NO_OPERATION;
            };
        } catch (RuntimeException e) {
            return error(Statuses.refusalOf(e));
        }
    }

    private void dequeue(Caller caller, List<ProcessRequest> group, @Nullable Answer[] answers) {
        Map<DequeueRequest, List<Integer>> places = new LinkedHashMap<>();
        for (int i = 0; i < answers.length; i++) {
            if (answers[i] == null) {
                places.computeIfAbsent(group.get(i).getDequeue(), asked -> new ArrayList<>())
                        .add(i);
            }
        }
        places.forEach((asked, at) -> {
            List<Answer> found = dequeued(caller, asked, at.size());
            for (int i = 0; i < at.size(); i++) {
                answers[at.get(i)] = found.get(i);
            }
        });
    }

    /// So many answers to equal requests: jobs while there are any.
    private List<Answer> dequeued(Caller caller, DequeueRequest asked, int count) {
        var answers = new Answer[count];
        Arrays.fill(answers, new Answer(NO_JOBS));
        try {
            ClaimRequest claim = QueueCalls.claim(asked, count);
            var found = taking.take(caller, claim, () -> true, job -> JobMessages.claimed(caller, claim.worker(), job));
            for (int i = 0; i < found.taken().size(); i++) {
                Taking.Taken<Job> taken = found.taken().get(i);
                var response = ProcessResponse.newBuilder().setJob(taken.message());
                answers[i] = new Answer(response.build(), taken.lease());
            }
        } catch (RuntimeException e) {
            Arrays.fill(answers, new Answer(error(Statuses.refusalOf(e))));
        }
        return List.of(answers);
    }

    /// Before the first is sent, so that none is forgotten when sending fails.
    private void note(Caller caller, @Nullable Answer[] answers) {
        long number = outlet.nextNumber();
        for (Answer answer : answers) {
            if (answer != null && answer.lease() != null) {
                underWay.add(new UnderWay(number, caller, answer.lease()));
            }
            number++;
        }
    }

    private void send(ProcessResponse response) {
        var unused = outlet.send(response);
        if (outlet.untakenBytes() > MAX_UNTAKEN_BYTES) {
            var going = outlet.awaitEmpty();
        }
    }

    /// Jobs whose answers never left.
    private void giveBack() {
        for (UnderWay job : underWay) {
            if (!outlet.hasLeft(job.number())) {
                jobs.release(job.caller(), List.of(job.lease()));
            }
        }
    }

    private static ProcessResponse error(Refusal refusal) {
        return error(Statuses.word(refusal), Statuses.text(refusal));
    }

    private static ProcessResponse error(String code, String message) {
        return ProcessResponse.newBuilder()
                .setError(ErrorResponse.newBuilder().setCode(code).setMessage(message))
                .build();
    }
}
