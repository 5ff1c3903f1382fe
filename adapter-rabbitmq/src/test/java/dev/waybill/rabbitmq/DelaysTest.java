package dev.waybill.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.impl.LongStringHelper;
import java.util.Arrays;
import java.util.Collections;
import java.util.Date;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DelaysTest {

    @Test
    void aDelayIsRoundedUpByAtMostItsUnitAndOnePartInAHundredAndPassesThroughFewLevels() {
        for (long millis = 1; millis <= Delays.MOST_MILLIS; millis += millis < 100_000 ? 1 : 37) {
            long kept = Delays.units(millis) * 100;
            assertThat(kept).isBetween(millis, millis + 99 + millis / 100);
            assertThat(Long.bitCount(Delays.units(millis))).isLessThanOrEqualTo(Delays.MOST_LEVELS);
        }
    }

    @Test
    void theLongestFitsTheLevels() {
        assertThat(Delays.units(Delays.MOST_MILLIS)).isLessThan(1L << Delays.LEVELS);
    }

    @Test
    void theLevelsOfARoutingKeyKeepAMessageForAsLongAsItIsToWait() {
        for (long millis : new long[] {1, 100, 101, 700, 1500, 12_345, 3_600_000, Delays.MOST_MILLIS}) {
            String key = Delays.routingKey("orders", millis);
            long kept = 0;
            // As the server finds its way: from the exchange above a level to the queue of the next one needed.
            int exchange = Delays.LEVELS - 1;
            while (exchange >= 0 && !matches(Delays.passes(exchange), key)) {
                int from = exchange;
                int[] levels = java.util.stream.IntStream.rangeClosed(0, exchange)
                        .filter(level -> matches(Delays.pattern(from, level), key))
                        .toArray();
                assertThat(levels)
                        .as("where %s goes from exchange %d", key, from)
                        .hasSize(1);
                kept += ttl(levels[0]);
                exchange = levels[0] - 1;
            }
            assertThat(kept).isBetween(millis, millis + 110 + millis / 100);
            assertThat(matches(Delays.all("orders"), key)).isTrue();
            assertThat(matches(Delays.all("order"), key)).isFalse();
        }
    }

    private static long ttl(int level) {
        return ((Number) Delays.arguments(level).get("x-message-ttl")).longValue();
    }

    /** As a topic exchange does it, for patterns with no other # than at the end. */
    private static boolean matches(String pattern, String key) {
        String[] wanted = pattern.split("\\.");
        String[] words = key.split("\\.");
        boolean open = wanted[wanted.length - 1].equals("#");
        int fixed = open ? wanted.length - 1 : wanted.length;
        if (open ? words.length < fixed : words.length != fixed) {
            return false;
        }
        for (int i = 0; i < fixed; i++) {
            if (!wanted[i].equals("*") && !wanted[i].equals(words[i])) {
                return false;
            }
        }
        return true;
    }

    @Test
    void theHighestDigitComesFirst() {
        assertThat(Delays.routingKey("orders", 500))
                .isEqualTo("orders" + String.join("", Collections.nCopies(17, ".0")) + ".1.0.1");
        assertThat(Arrays.asList(Delays.routingKey("q", 86_400_000).split("\\.")))
                .hasSize(21);
    }

    private static Map<String, Object> left(String queue, long millis) {
        return Map.of("queue", LongStringHelper.asLongString(queue), "time", new Date(millis));
    }

    @Test
    void whatLeavesAnyLevelSecondsAfterItWasDueIsLate() {
        long due = 1_700_000_000_500L;
        assertThat(Delays.isLate(List.of(left(Delays.level(0), due - 500), left(Delays.level(4), due - 1500)), due))
                .isFalse();
        assertThat(Delays.isLate(List.of(left(Delays.level(0), due + 2500)), due))
                .isFalse();
        assertThat(Delays.isLate(List.of(left(Delays.level(0), due + 3500), left(Delays.level(4), due - 1500)), due))
                .isTrue();
        assertThat(Delays.isLate(List.of(left(Delays.level(4), due - 1500), left(Delays.level(0), due + 3500)), due))
                .isTrue();
    }

    @Test
    void whatDiedElsewhereOrTellsNothingIsNotLate() {
        assertThat(Delays.isLate(List.of(left("orders", 9_000)), 1)).isFalse();
        assertThat(Delays.isLate(List.of("soon", Map.of()), 1)).isFalse();
        assertThat(Delays.isLate("soon", 1)).isFalse();
        assertThat(Delays.isLate(null, 1)).isFalse();
    }

    @Test
    void theLevelsKeepAMessageForAtLeastAsLongAsItIsToWait() {
        assertThat(Delays.keptMillis(1)).isEqualTo(100);
        assertThat(Delays.keptMillis(2000)).isEqualTo(2000);
        assertThat(Delays.keptMillis(Delays.MOST_MILLIS)).isBetween(Delays.MOST_MILLIS, Delays.MOST_MILLIS * 129 / 128);
    }
}
