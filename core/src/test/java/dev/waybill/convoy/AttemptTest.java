package dev.waybill.convoy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class AttemptTest {

    @Test
    void whoMeetsOthersAgainAndAgainWaitsLongerEachTime() {
        List<Long> began = new ArrayList<>();
        int made = Attempt.untilCurrent(() -> {
            began.add(System.nanoTime());
            if (began.size() < 8) {
                throw new StaleConvoyException("orders", "o1");
            }
            return began.size();
        });
        assertThat(made).isEqualTo(8);
        // At least half of 2, 4, 8 ... ms.
        for (int i = 1; i < 8; i++) {
            assertThat(began.get(i) - began.get(i - 1))
                    .as("before attempt %d", i + 1)
                    .isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(1L << i) / 2);
        }
    }
}
