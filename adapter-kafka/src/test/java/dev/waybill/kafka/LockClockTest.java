package dev.waybill.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class LockClockTest {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    @Test
    void a_lock_counts_from_a_little_before_the_answer_and_never_from_before_the_question() {
        LockClock clock = new LockClock(30_000);
        assertThat(clock.lockedUntil(100 * SECOND, 200 * SECOND)).isEqualTo((199 + 30) * SECOND);
        assertThat(clock.lockedUntil(100 * SECOND, 100 * SECOND + 5)).isEqualTo(130 * SECOND);
    }

    @Test
    void a_short_lock_allows_the_answer_less_time() {
        LockClock clock = new LockClock(1_600);
        assertThat(clock.lockedUntil(0, 10 * SECOND)).isEqualTo(10 * SECOND + TimeUnit.MILLISECONDS.toNanos(1_400));
    }
}
