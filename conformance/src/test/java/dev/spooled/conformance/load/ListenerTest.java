package dev.spooled.conformance.load;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What a listener makes of the streams it opens again: the id of a frame comes before what the frame says.
class ListenerTest {
    private final Listener.Heard heard = new Listener.Heard();

    @BeforeEach
    void hearsSomethingAndLosesTheStream() {
        heard.connected();
        frame("aaaa-7", "{\"type\":\"JobStatus\",\"data\":{\"old_status\":\"pending\"}}");
        heard.connected();
    }

    @Test
    void anErrorThatComesFirstTellsOfTheGap() {
        frame("bbbb-3", "{\"type\":\"Error\",\"data\":{\"message\":\"Events were missed\"}}");
        frame("bbbb-4", "{\"type\":\"JobStatus\",\"data\":{\"old_status\":\"pending\"}}");
        assertThat(heard.gapsTold()).isEqualTo(1);
        assertThat(heard.gapsUntold()).isZero();
    }

    @Test
    void aStatusReadAgainLeavesNoGap() {
        frame("bbbb-3", "{\"type\":\"JobStatus\",\"data\":{\"old_status\":\"\",\"new_status\":\"completed\"}}");
        assertThat(heard.gapsTold()).isEqualTo(1);
        assertThat(heard.gapsUntold()).isZero();
    }

    @Test
    void anotherRunWithoutAWordIsAGap() {
        frame("bbbb-4", "{\"type\":\"JobStatus\",\"data\":{\"old_status\":\"pending\"}}");
        assertThat(heard.gapsUntold()).isEqualTo(1);
    }

    @Test
    void theSameRunGoesOn() {
        frame("aaaa-8", "{\"type\":\"JobStatus\",\"data\":{\"old_status\":\"pending\"}}");
        assertThat(heard.resumed()).isEqualTo(1);
        assertThat(heard.gapsUntold()).isZero();
    }

    private void frame(String id, String data) {
        heard.take("id: " + id);
        heard.take("data: " + data);
        heard.take("");
    }
}
