package dev.waybill.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LogClockTest {
    private static final long NOON = 1_800_000_000_000L;

    private static long millis(long millis) {
        return TimeUnit.MILLISECONDS.toNanos(millis);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, Long.MAX_VALUE - 1000, Long.MIN_VALUE + 1000})
    void time_goes_on_from_the_stamp_and_what_a_stamp_leaves_out_counts_as_not_passed(long start) {
        LogClock clock = new LogClock();
        clock.measured(NOON, start);
        assertThat(clock.sinceStamped(NOON, start + millis(101))).isEqualTo(100);
        assertThat(clock.sinceStamped(NOON - 50, start + millis(101))).isEqualTo(150);
    }

    @Test
    void what_was_received_moves_it_forwards_only() {
        LogClock clock = new LogClock();
        clock.seen(NOON, 0);
        clock.seen(NOON - 5000, millis(10));
        assertThat(clock.sinceStamped(NOON, millis(101))).isEqualTo(100);
        clock.seen(NOON + 200, millis(101));
        assertThat(clock.sinceStamped(NOON, millis(101))).isEqualTo(199);
    }

    @Test
    void a_measurement_sets_it_back_too() {
        LogClock clock = new LogClock();
        clock.seen(NOON + 5000, 0);
        clock.measured(NOON, 0);
        assertThat(clock.sinceStamped(NOON, millis(101))).isEqualTo(100);
    }

    @Test
    void it_is_doubtful_until_measured_and_again_a_minute_later() {
        LogClock clock = new LogClock();
        clock.seen(NOON, 0);
        assertThat(clock.doubtful(0)).isTrue();
        clock.measured(NOON, 0);
        assertThat(clock.doubtful(millis(59_000))).isFalse();
        assertThat(clock.doubtful(millis(61_000))).isTrue();
    }
}
