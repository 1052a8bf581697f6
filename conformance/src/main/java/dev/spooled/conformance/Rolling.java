package dev.spooled.conformance;

import dev.spooled.conformance.check.Verdict;
import dev.spooled.conformance.fleet.Balancer;
import dev.spooled.conformance.fleet.Fleet;
import dev.spooled.conformance.fleet.Node;
import dev.spooled.conformance.history.Op;
import dev.spooled.conformance.history.Story;
import dev.spooled.conformance.load.Cast;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// Three nodes behind HAProxy, restarted one after the other under load: clients hear of nothing. No answer is 5xx, no
/// connection breaks, streams that end go on elsewhere.
final class Rolling {
    private static final int STREAMS = 5;
    private static final int BALANCER_LOOKS = 100;

    /// HAProxy wants to see a node ready twice before it sends anything there.
    private static final long BETWEEN_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final int seconds;
    private final Fleet fleet;
    private final List<Integer> exits = new ArrayList<>();

    Rolling(int seconds, Fleet fleet) {
        this.seconds = seconds;
        this.fleet = fleet;
    }

    Account under(Run run, List<String> keys, Path folder) throws IOException, InterruptedException {
        Path configuration = Path.of("deploy", "haproxy.cfg").toAbsolutePath();
        try (var balancer = new Balancer(configuration, fleet.nodes(), folder)) {
            awaitReady(balancer);
            Cast cast = run.cast(List.of(balancer.url()), keys);
            cast.standInLine();
            cast.begin();
            cast.listen(STREAMS);
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
            for (int i = 0; i < fleet.nodes().size() || System.nanoTime() - end < 0; i++) {
                Node node = fleet.nodes().get(i % fleet.nodes().size());
                LockSupport.parkNanos(BETWEEN_NANOS);
                exits.add(fleet.restart(node));
            }
            LockSupport.parkNanos(BETWEEN_NANOS);
            Account account = run.close(cast, folder);
            return with(account, cast);
        }
    }

    private static void awaitReady(Balancer balancer) {
        for (int i = 0; !balancer.isReady(); i++) {
            if (i == BALANCER_LOOKS) {
                throw new IllegalStateException("HAProxy does not answer; is it installed?");
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
        }
    }

    /// The checks of any run, and those that only hold when nothing is broken by force.
    private Account with(Account account, Cast cast) {
        Story story = account.story();
        var verdicts = new ArrayList<>(account.verdicts());
        List<String> faults = story.ops().stream()
                .filter(op -> op.status() >= 500)
                .map(op -> "answered " + op.status() + ": " + op.place())
                .toList();
        int answered = (int) story.ops().stream().filter(op -> op.status() > 0).count();
        verdicts.add(new Verdict("rolling_no_5xx", "P19", answered, faults));
        verdicts.add(new Verdict("rolling_no_break", "P19", answered, times("connections broke", cast.broken())));
        verdicts.add(new Verdict(
                "rolling_none_refused", "P19", answered, times("connections were refused", cast.unreachable())));
        verdicts.add(new Verdict("rolling_streams", "P19", listens(story).size(), streams(story, cast)));
        verdicts.add(new Verdict(
                "rolling_clean_exits",
                "P19",
                exits.size(),
                exits.stream()
                        .filter(code -> code != 0)
                        .map(code -> "a node ended with " + code)
                        .toList()));
        var remarks = new ArrayList<>(account.remarks());
        remarks.add(String.format(
                Locale.ROOT,
                "restarts %d, answers %d, longest %.0f ms (claims, which wait, left out)",
                exits.size(),
                answered,
                cast.longestMicros() / 1e3));
        remarks.add("streams " + listens(story).size() + ", opened again "
                + (sum(story, "connects") - listens(story).size())
                + " times: went on " + sum(story, "resumed") + ", told of a gap " + sum(story, "gaps_told"));
        return new Account(account.title(), story, List.copyOf(verdicts), List.copyOf(remarks));
    }

    private static List<String> times(String what, long count) {
        return count == 0 ? List.of() : List.of(count + " " + what);
    }

    private static List<Op> listens(Story story) {
        return story.named("listen").toList();
    }

    private static long sum(Story story, String member) {
        return listens(story).stream()
                .mapToLong(op -> op.answer().path(member).asLong(0))
                .sum();
    }

    private static List<String> streams(Story story, Cast cast) {
        var wrong = new ArrayList<String>(times("streams were answered 5xx", cast.streamFaults()));
        for (Op listen : listens(story)) {
            if (listen.answer().path("gaps_untold").asLong(0) > 0) {
                wrong.add("a stream went on with a gap that it did not tell of: " + listen.place());
            }
            if (!listen.asked("of").isEmpty() && !listen.answer().path("ended").asBoolean(false)) {
                wrong.add("a stream never told the end of its job: " + listen.place());
            }
        }
        return wrong;
    }
}
