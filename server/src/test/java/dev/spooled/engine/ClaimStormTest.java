package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.engine.Command.Claim;
import dev.spooled.engine.Command.Enqueue;
import dev.spooled.engine.Command.Leased;
import dev.spooled.support.ChildJvm;
import dev.spooled.support.TestLane;
import dev.spooled.time.DatabaseClock;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/// 200 callers in three processes claim 50,000 jobs as fast as they can: each job is leased once.
class ClaimStormTest {
    private static final int JOBS = 50_000;
    private static final int PROCESSES = 3;
    private static final int CALLERS = 67;
    private static final int QUEUES = 5;

    @Test
    void eachJobIsLeasedOnce() throws Exception {
        try (var cell = new TestCell()) {
            int org = cell.org();
            var queues = new ArrayList<String>();
            for (int i = 0; i < QUEUES; i++) {
                int queue = cell.queue(org, "storm-" + i);
                queues.add(Integer.toString(queue));
                for (int n = 0; n < JOBS / QUEUES; n += 1_000) {
                    cell.run(new Enqueue(Collections.nCopies(1_000, NewJob.plain(org, queue, n % 3, "{}"))));
                }
            }
            var processes = new ArrayList<ChildJvm>();
            for (int i = 0; i < PROCESSES; i++) {
                processes.add(
                        ChildJvm.start(Claimer.class, cell.address(), Integer.toString(org), String.join(",", queues)));
            }
            for (ChildJvm process : processes) {
                assertThat(process.readLine()).isEqualTo("ready");
            }
            processes.forEach(process -> process.say("go"));
            List<String> leased = new ArrayList<>();
            for (ChildJvm process : processes) {
                List<String> lines = process.readAll();
                System.out.println("storm: a process leased " + lines.size());
                leased.addAll(lines);
            }
            assertThat(leased).hasSize(JOBS);
            assertThat(new HashSet<>(leased)).hasSize(JOBS);
            assertThat(cell.count("lease")).isEqualTo(JOBS);
            assertThat(cell.count("ready")).isZero();
            assertThat(cell.drift()).isEmpty();
        }
    }

    /// One of the processes: a lane of its own, callers until the queues are empty, one line per job.
    static final class Claimer {
        private Claimer() {}

        public static void main(String[] args) throws Exception {
            int org = Integer.parseInt(args[0]);
            var clock = new DatabaseClock(1_795_000_000_000_000L, System.nanoTime());
            var in = new BufferedReader(new InputStreamReader(System.in));
            try (var lane = TestLane.of(ChildJvm.address(), clock).start()) {
                lane.run(new Command.Promote(1));
                System.out.println("ready");
                in.readLine();
                var lines = Collections.synchronizedList(new ArrayList<String>());
                var threads = new ArrayList<Thread>();
                var caller = new AtomicLong();
                for (int i = 0; i < CALLERS; i++) {
                    threads.add(Thread.ofVirtual()
                            .start(() -> claimAll(lane, org, args[1], caller.incrementAndGet(), lines)));
                }
                for (Thread thread : threads) {
                    thread.join();
                }
                print(lines);
            }
        }

        private static void claimAll(Lane lane, int org, String queues, long caller, List<String> lines) {
            for (String queue : queues.split(",")) {
                List<Leased> leased;
                do {
                    leased = lane.run(new Claim(org, Integer.parseInt(queue), "w" + caller, 10, 3_600, 0, () -> true));
                    leased.forEach(job -> lines.add(job.id().toString()));
                } while (!leased.isEmpty());
            }
        }

        private static void print(List<String> lines) throws IOException {
            try (var out = new PrintStream(System.out, false)) {
                lines.forEach(out::println);
            }
        }
    }
}
