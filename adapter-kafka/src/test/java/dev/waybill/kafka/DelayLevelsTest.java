package dev.waybill.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.RetryPolicy;
import dev.waybill.spi.QueueDefinition;
import java.time.Duration;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DelayLevelsTest {
    private static final long DAY = TimeUnit.DAYS.toMillis(1);

    @ParameterizedTest
    @CsvSource({
        "1,0",
        "127,0",
        "128,0",
        "239,0",
        "240,1",
        "256,1",
        "1000,3",
        "1023,3",
        "1300,3",
        "30000,7",
        "32567,7",
        "32568,8",
        "4194304,15",
        "86400000,15",
        "31536000000,15"
    })
    void a_wait_goes_to_the_longest_step_that_it_fills_or_almost_fills(long millis, int level) {
        assertThat(DelayLevels.level(millis)).isEqualTo(level);
    }

    @Test
    void nothing_waits_longer_than_it_should_for_want_of_a_step() {
        for (long millis : waits()) {
            long left = millis;
            int hops = 0;
            while (left > 0) {
                long share = DelayLevels.share(DelayLevels.level(left), left);
                assertThat(share).isPositive().isLessThanOrEqualTo(left);
                left -= share;
                hops++;
            }
            assertThat(left).isZero();
            assertThat(hops)
                    .as("steps of %d ms", millis)
                    .isLessThanOrEqualTo(17 + (int) (millis / DelayLevels.step(15)));
        }
    }

    /** What is in a level waits in the order of the log, so this is by how much others can make one late. */
    @Test
    void whoever_stands_before_a_message_makes_it_a_quarter_of_a_second_late_at_most() {
        for (long millis : waits()) {
            int level = DelayLevels.level(millis);
            long longest = DelayLevels.step(level) + Math.min(DelayLevels.step(level) / 8, 64);
            assertThat(longest - millis).as("%d ms in level %d", millis, level).isLessThanOrEqualTo(264);
        }
    }

    private static long[] waits() {
        return LongStream.concat(
                        LongStream.rangeClosed(1, 5000),
                        LongStream.iterate(5000, millis -> millis < 20 * DAY, millis -> millis + millis / 50 + 1))
                .toArray();
    }

    @Test
    void where_levels_are_missing_the_next_lower_one_takes_it_or_else_the_lowest() {
        assertThat(DelayLevels.level(1300, new TreeSet<>(List.of(0, 1, 2, 4)))).isEqualTo(2);
        assertThat(DelayLevels.level(130, new TreeSet<>(List.of(2, 3)))).isEqualTo(2);
    }

    @Test
    void a_queue_needs_the_levels_up_to_its_longest_retry() {
        assertThat(needed(RetryPolicy.immediate(), 5)).isZero();
        assertThat(needed(RetryPolicy.DEFAULT, 1)).isZero();
        assertThat(needed(RetryPolicy.fixed(Duration.ofMillis(1)), 5)).isEqualTo(1);
        assertThat(needed(RetryPolicy.fixed(Duration.ofSeconds(1)), 5)).isEqualTo(4);
        RetryPolicy doubling = RetryPolicy.exponential(Duration.ofMillis(200), Duration.ofSeconds(30));
        assertThat(needed(doubling, 2)).isEqualTo(1);
        assertThat(needed(doubling.jitter(0.5), 2)).isEqualTo(2);
        assertThat(needed(doubling.jitter(0.5), 25)).isEqualTo(8);
        assertThat(needed(RetryPolicy.fixed(Duration.ofDays(1)), 5)).isEqualTo(16);
    }

    private static int needed(RetryPolicy retry, int maxDeliveries) {
        return DelayLevels.needed(new QueueDefinition("q", maxDeliveries, Duration.ofSeconds(30), retry));
    }
}
