package dev.spooled.webhooks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// Who may be called now, second by second.
class PlacesTest {
    private final Places places = new Places(new Places.Bounds(8, 4, 4, 1));

    private static long at(double seconds) {
        return (long) (seconds * TimeUnit.SECONDS.toNanos(1));
    }

    @Test
    void slowAttemptsMoveOverToTheirOwnPlaces() {
        for (int i = 0; i < 4; i++) {
            places.enter("dead", at(0));
        }
        assertThat(places.free(at(0.5))).isEqualTo(4);
        assertThat(places.rooms(at(0.5))).containsEntry("dead", 0);
        assertThat(places.free(at(1.5))).isEqualTo(8);
        assertThat(places.slowUnderWay(at(1.5))).isEqualTo(4);
    }

    @Test
    void moreSlowOnesThanTheirPlacesTakeThoseOfThePrompt() {
        for (int i = 0; i < 6; i++) {
            places.enter("dead-" + i, at(0));
        }
        assertThat(places.free(at(2))).isEqualTo(6);
        assertThat(places.rooms(at(2))).containsEntry("dead-1", 0);
    }

    @Test
    void aTargetIsSlowUntilItAnswersPromptly() {
        var slow = places.enter("a", at(0));
        places.leave(slow, at(3));
        assertThat(places.rooms(at(3))).containsEntry("a", 1);
        var prompt = places.enter("a", at(3));
        assertThat(places.rooms(at(3.1))).containsEntry("a", 0);
        places.leave(prompt, at(3.2));
        assertThat(places.rooms(at(3.3))).isEmpty();
        assertThat(places.underWay()).isZero();
    }
}
