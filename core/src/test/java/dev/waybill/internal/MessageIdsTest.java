package dev.waybill.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class MessageIdsTest {
    private final MessageIds ids = new MessageIds();

    private long count(long now) {
        return UUID.fromString(ids.next(now)).getLeastSignificantBits();
    }

    @Test
    void theyAreUuidsOfVersion7AndSortByTime() {
        assertThat(ids.next(5_000)).isLessThan(ids.next(5_001)).startsWith("00000000-1388-7");
        assertThat(UUID.fromString(ids.next(5_001)).variant()).isEqualTo(2);
    }

    @Test
    void allDiffer() {
        assertThat(Stream.generate(MessageIds::next).limit(100_000)).doesNotHaveDuplicates();
    }

    /** In one of several processes that were restored from the same snapshot. */
    @Test
    void afterAPauseTheyDoNotGoOnAsOthersMay() {
        long first = count(5_000);
        assertThat(count(5_900)).isEqualTo(first + 1);
        assertThat(count(7_000)).isNotEqualTo(first + 2);
        assertThat(count(2_000)).isNotEqualTo(first + 3);
    }
}
