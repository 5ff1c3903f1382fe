package dev.waybill.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ConfirmsTest {
    private final Confirms confirms = new Confirms();

    @Test
    void countsEachNumberOnceHoweverItIsConfirmed() {
        assertThat(confirms.take(2, false)).isEqualTo(1);
        assertThat(confirms.take(2, false)).isZero();
        assertThat(confirms.take(3, true)).isEqualTo(2);
        assertThat(confirms.take(3, true)).isZero();
    }

    @Test
    void isContiguousUpToTheFirstGap() {
        confirms.take(1, false);
        confirms.take(3, false);
        assertThat(confirms.contiguous()).isEqualTo(1);
        confirms.take(2, false);
        assertThat(confirms.contiguous()).isEqualTo(3);
    }

    @Test
    void goesOnWhereTheRingBeginsAgain() {
        for (long number = 1; number <= 3L * Confirms.MOST; number++) {
            assertThat(confirms.take(number, false)).isEqualTo(1);
        }
        assertThat(confirms.contiguous()).isEqualTo(3L * Confirms.MOST);
    }
}
