package dev.spooled.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class LoadRunTest {
    private static final Schedule SHORT = new Schedule(Duration.ofMillis(100), Duration.ofMillis(200), 2);

    @Test
    void everyAcknowledgedJobIsAccountedFor() throws IOException {
        var outcome = new LoadRun(load(20, 10, 1, 100), new MemoryQueues(), PostgresMeter.none()).run(SHORT);
        assertThat(outcome.account().balanced()).as(outcome.account().text()).isTrue();
        assertThat(outcome.account().firstFault()).isNull();
        assertThat(outcome.rounds()).hasSize(2).allSatisfy(round -> {
            assertThat(round.jobs()).isPositive();
            assertThat(round.delivery().count()).isPositive();
            assertThat(round.walBytesPerJob()).isNull();
        });
    }

    @Test
    void theBoundHoldsTheBacklog() throws IOException {
        var account = new LoadRun(load(20, 5, 1, 30), new MemoryQueues(), PostgresMeter.none())
                .run(SHORT)
                .account();
        assertThat(account.remaining()).isLessThanOrEqualTo(31);
    }

    @Test
    void withoutWorkersEverythingRemains() throws IOException {
        var account = new LoadRun(load(2, 0, 100, 2_000), new MemoryQueues(), PostgresMeter.none())
                .run(SHORT)
                .account();
        assertThat(account.remaining()).isEqualTo(account.acknowledged()).isPositive();
        assertThat(account.completed()).isZero();
    }

    @Test
    void aLostJobShows() throws IOException {
        var account = new LoadRun(load(5, 5, 1, 50), MemoryQueues.losing(), PostgresMeter.none())
                .run(SHORT)
                .account();
        assertThat(account.balanced()).isFalse();
        assertThat(account.text()).contains("off by 1");
    }

    @Test
    void aServerThatRefusesIsAMessage() {
        Door.Opener closed = () -> {
            throw new IllegalStateException("nobody is there");
        };
        assertThatThrownBy(() -> new LoadRun(load(1, 5, 1, 1), closed, PostgresMeter.none()).run(SHORT))
                .hasMessage("nobody is there");
    }

    private static Load load(int producers, int workers, int bulk, int bound) {
        return new Load(producers, workers, 5, 2, 10, Duration.ofMillis(50), bulk, bound, Duration.ZERO);
    }
}
