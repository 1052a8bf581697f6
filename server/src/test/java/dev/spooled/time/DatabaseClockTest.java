package dev.spooled.time;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/// The clock follows the database on the monotonic timer: the machine's own clock may be stepped as it likes.
class DatabaseClockTest {
    private static final long NOON = 1_795_608_000_000_000L;
    private static final long STEP = Duration.ofSeconds(90).toNanos() / 1_000;

    private final DatabaseClock clock = new DatabaseClock(NOON, System.nanoTime());

    /// Nothing here asks for the time of day, so there is nothing a stepped clock could change.
    @Test
    void theTimeOfDayIsNeverRead() {
        noClasses()
                .should()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(java.time.Instant.class, "now")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.time.Clock")
                .check(new ClassFileImporter()
                        .withImportOption(new ImportOption.DoNotIncludeTests())
                        .importPackages("dev.spooled.time"));
    }

    @Test
    void itIsWhatTheDatabaseSaid() {
        long passed = clock.nowMicros() - NOON;
        assertThat(passed).isBetween(0L, Duration.ofSeconds(10).toNanos() / 1_000);
    }

    @Test
    void aDatabaseThatStepsBackHoldsItStillUntilCaughtUp() {
        long before = clock.nowMicros();
        clock.follow(NOON - STEP, System.nanoTime());
        assertThat(clock.nowMicros()).isEqualTo(clock.nowMicros()).isGreaterThanOrEqualTo(before);
        clock.follow(before + 1, System.nanoTime());
        assertThat(clock.nowMicros()).isGreaterThan(before);
    }

    @Test
    void aDatabaseThatStepsForwardIsFollowedAtOnce() {
        clock.follow(NOON + STEP, System.nanoTime());
        assertThat(clock.nowMicros()).isGreaterThanOrEqualTo(NOON + STEP);
    }

    @Test
    void noReaderEverSeesItGoBack() throws InterruptedException {
        var backwards = new java.util.concurrent.atomic.AtomicInteger();
        var readers = new java.util.ArrayList<Thread>();
        for (int i = 0; i < 4; i++) {
            readers.add(Thread.ofPlatform().start(() -> {
                long last = Long.MIN_VALUE;
                for (int n = 0; n < 200_000; n++) {
                    long now = clock.nowMicros();
                    backwards.addAndGet(now < last ? 1 : 0);
                    last = now;
                }
            }));
        }
        for (int n = 0; n < 2_000; n++) {
            clock.follow(NOON + (n % 2 == 0 ? STEP : -STEP), System.nanoTime());
        }
        for (Thread reader : readers) {
            reader.join();
        }
        assertThat(backwards).hasValue(0);
    }

    @Test
    void idsIncreaseEvenWhileTheClockStands() {
        var ids = new Ids(() -> NOON);
        String last = "";
        for (int i = 0; i < 20_000; i++) {
            String id = ids.next().toString();
            assertThat(id).isGreaterThan(last);
            last = id;
        }
    }
}
