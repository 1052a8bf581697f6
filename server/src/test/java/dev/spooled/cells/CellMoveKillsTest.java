package dev.spooled.cells;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.db.DbAddress;
import dev.spooled.support.Await;
import dev.spooled.support.ChildJvm;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// The process that moves is killed at any moment; nothing is lost, and a server ends the move without a hand.
@Tag("chaos")
class CellMoveKillsTest extends TwoCells {
    private static final int JOBS = 2_000;
    private static final int KILLS = 6;

    /// In the child: moves the organization of the arguments.
    static final class Mover {
        public static void main(String[] args) {
            var cells = Map.of(0, ChildJvm.address(), 1, new DbAddress(args[0], args[1], args[2]));
            System.out.println("ready");
            new CellMove(cells, Duration.ZERO, System.out::println).run(args[3], 1);
            System.out.println("done");
        }
    }

    @Test
    void killedAnywhere() throws Exception {
        long seed = Long.getLong("kills.seed", System.nanoTime());
        System.out.println("cell move kills, -Dkills.seed=" + seed);
        var random = new Random(seed);
        Tenant tenant = tenant(0);
        Set<String> jobs = new HashSet<>();
        for (int i = 0; i < JOBS; i++) {
            jobs.add(made(tenant, "mail", "{\"n\":" + i + "}").get("id").asString());
        }
        DbAddress there = second.address();
        for (int i = 0; i < KILLS; i++) {
            try (var mover = ChildJvm.start(
                    Mover.class, zero.address(), there.jdbcUrl(), there.user(), there.password(), tenant.slug())) {
                assertThat(mover.readLine()).isEqualTo("ready");
                LockSupport.parkNanos(random.nextLong(1_500_000_000L));
                mover.kill();
            }
            long cell = count(0, "select cell from organization where slug = '" + tenant.slug() + "'");
            assertThat(jobs((int) cell, tenant)).as("kill %d", i).isEqualTo(JOBS);
        }
        Await.until(
                Duration.ofMinutes(2), () -> count(0, "select count(*) from organization_move"), moves -> moves == 0);
        if (count(0, "select cell from organization where slug = '" + tenant.slug() + "'") == 0) {
            new CellMove(addresses(), Duration.ZERO, step -> {}).run(tenant.slug(), 1);
        }
        assertThat(jobs(0, tenant)).isZero();
        Set<String> claimed = new HashSet<>();
        long end = System.nanoTime() + 60_000_000_000L;
        while (claimed.size() < JOBS && System.nanoTime() - end < 0) {
            var answer = node.post(
                    tenant.key(), "/jobs/claim", "{\"queue_name\":\"mail\",\"worker_id\":\"w\",\"limit\":100}");
            if (answer.statusCode() == 200) {
                JSON.readTree(answer.body())
                        .get("jobs")
                        .forEach(job -> claimed.add(job.get("id").asString()));
            }
        }
        assertThat(claimed).isEqualTo(jobs);
    }
}
