package dev.waybill.inmemory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SettableTimeTest {
    private final SettableTime time = new SettableTime();

    @Test
    void movesBothClocksTogether() {
        long nanos = time.nanos();
        long millis = time.epochMillis();
        time.advance(Duration.ofMillis(1500));
        assertThat(time.nanos() - nanos).isEqualTo(1_500_000_000L);
        assertThat(time.epochMillis() - millis).isEqualTo(1500);
    }

    @Test
    void neverGoesBackwards() {
        assertThatThrownBy(() -> time.advance(Duration.ofMillis(-1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("PT-0.001S");
    }

    @Test
    void tellsItsListenersAfterItMoved() {
        List<Long> seen = new ArrayList<>();
        Runnable listener = () -> seen.add(time.epochMillis());
        time.onAdvance(listener);
        long before = time.epochMillis();
        time.advance(Duration.ofMillis(5));
        time.forget(listener);
        time.advance(Duration.ofMillis(5));
        assertThat(seen).containsExactly(before + 5);
    }
}
