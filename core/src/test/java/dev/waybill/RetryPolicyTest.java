package dev.waybill;

import static java.time.Duration.ofDays;
import static java.time.Duration.ofMillis;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waybill.RetryPolicy.Decision;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RetryPolicyTest {

    private static Stream<Duration> delays(RetryPolicy policy) {
        return IntStream.rangeClosed(1, 5).mapToObj(policy::delay);
    }

    @Test
    void aFixedWaitIsAlwaysTheSame() {
        assertThat(delays(RetryPolicy.fixed(ofMillis(300)))).containsOnly(ofMillis(300));
        assertThat(delays(RetryPolicy.immediate())).containsOnly(Duration.ZERO);
    }

    @Test
    void aLinearWaitGrowsByAStepUpToItsCeiling() {
        assertThat(delays(RetryPolicy.linear(ofSeconds(1), ofMillis(3500))))
                .containsExactly(ofSeconds(1), ofSeconds(2), ofSeconds(3), ofMillis(3500), ofMillis(3500));
    }

    @Test
    void anExponentialWaitDoublesUpToItsCeiling() {
        assertThat(delays(RetryPolicy.exponential(ofMillis(200), ofSeconds(1))))
                .containsExactly(ofMillis(200), ofMillis(400), ofMillis(800), ofSeconds(1), ofSeconds(1));
        assertThat(delays(RetryPolicy.exponential(ofMillis(100), ofSeconds(9)).factor(3)))
                .containsExactly(ofMillis(100), ofMillis(300), ofMillis(900), ofMillis(2700), ofMillis(8100));
    }

    @Test
    void aLateDeliveryOfALongSeriesDoesNotOverflow() {
        assertThat(RetryPolicy.exponential(ofMillis(1), ofDays(1)).delay(1_000_000_000))
                .isEqualTo(ofDays(1));
        assertThat(RetryPolicy.linear(ofDays(1), ofDays(1)).delay(Integer.MAX_VALUE))
                .isEqualTo(ofDays(1));
    }

    @Test
    void jitterVariesAWaitBothWaysAndNeverBeyondTheCeiling() {
        RetryPolicy policy =
                RetryPolicy.exponential(ofMillis(1000), ofMillis(2100)).jitter(0.2);
        List<Long> first = IntStream.range(0, 500)
                .mapToObj(i -> policy.delay(1).toMillis())
                .toList();
        assertThat(first).allMatch(millis -> millis >= 800 && millis <= 1200);
        assertThat(first).anyMatch(millis -> millis < 950).anyMatch(millis -> millis > 1050);
        assertThat(IntStream.range(0, 500).mapToObj(i -> policy.delay(2).toMillis()))
                .allMatch(millis -> millis >= 1600 && millis <= 2100);
        assertThat(policy.plainDelay(1)).isEqualTo(ofMillis(1000));
    }

    @Test
    void theRuleThatWasGivenFirstDecides() {
        RetryPolicy policy = RetryPolicy.immediate()
                .retryOn(FileNotFoundException.class)
                .deadLetterOn(IOException.class)
                .discardOn(IllegalStateException.class);
        assertThat(policy.decide(new FileNotFoundException())).isEqualTo(Decision.RETRY);
        assertThat(policy.decide(new IOException())).isEqualTo(Decision.DEAD_LETTER);
        assertThat(policy.decide(new IllegalStateException())).isEqualTo(Decision.DISCARD);
        assertThat(policy.decide(new RuntimeException())).isEqualTo(Decision.RETRY);
    }

    @Test
    void policiesThatSayTheSameAreEqual() {
        assertThat(RetryPolicy.fixed(ofSeconds(1)).deadLetterOn(IOException.class))
                .isEqualTo(RetryPolicy.fixed(ofSeconds(1)).deadLetterOn(IOException.class))
                .isNotEqualTo(RetryPolicy.fixed(ofSeconds(1)));
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 0, 86_400_001})
    void aWaitMustBeOneMillisecondToOneDay(long millis) {
        assertThatThrownBy(() -> RetryPolicy.fixed(ofMillis(millis)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(ofMillis(millis).toString())
                .hasMessageContaining("PT24H");
    }

    @Test
    void aCeilingIsNoLessThanTheFirstWait() {
        assertThatThrownBy(() -> RetryPolicy.linear(ofSeconds(2), ofSeconds(1)))
                .hasMessageContaining("ceiling")
                .hasMessageContaining("PT1S")
                .hasMessageContaining("PT2S");
    }

    @Test
    void factorAndJitterHaveTheirRanges() {
        assertThatThrownBy(() ->
                        RetryPolicy.exponential(ofSeconds(1), ofSeconds(2)).factor(1))
                .hasMessageContaining("1.0");
        assertThatThrownBy(() -> RetryPolicy.fixed(ofSeconds(1)).factor(2)).hasMessageContaining("exponential");
        assertThatThrownBy(() -> RetryPolicy.fixed(ofSeconds(1)).jitter(Double.NaN))
                .hasMessageContaining("NaN");
    }
}
