package dev.waybill.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.spi.TimeSource;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;

class MarkersTest {
    private static final Duration USUAL = Duration.ofHours(1);

    private final Clock clock = new Clock();

    @Test
    void without_transactions_a_poll_is_as_long_as_usual() {
        Markers markers = new Markers(() -> false, clock);
        markers.look(records(false));
        assertThat(markers.likely()).isFalse();
        assertThat(markers.poll(USUAL, 0)).isEqualTo(USUAL);
    }

    @Test
    void where_there_may_be_one_a_poll_ends_after_a_second() {
        Markers markers = new Markers(() -> true, clock);
        assertThat(markers.poll(USUAL, 0)).isEqualTo(Duration.ofSeconds(1));
        assertThat(markers.poll(Duration.ofMillis(5), 0)).isEqualTo(Duration.ofMillis(5));
    }

    @Test
    void behind_what_was_delayed_polls_are_short_at_first_and_for_a_while() {
        Markers markers = new Markers(() -> true, clock);
        markers.look(records(true));
        assertThat(markers.likely()).isTrue();
        assertThat(markers.poll(USUAL, 0)).isEqualTo(Duration.ofMillis(20));
        assertThat(markers.poll(USUAL, 1)).isEqualTo(Duration.ofMillis(40));
        assertThat(markers.poll(USUAL, 100)).isEqualTo(Duration.ofSeconds(1));
        clock.nanos += TimeUnit.SECONDS.toNanos(3);
        assertThat(markers.likely()).isFalse();
        assertThat(markers.poll(USUAL, 0)).isEqualTo(Duration.ofSeconds(1));
    }

    private static ConsumerRecords<byte[], byte[]> records(boolean moved) {
        RecordHeaders headers = new RecordHeaders();
        if (moved) {
            headers.add(DelayedRecord.WAIT, "0".getBytes(StandardCharsets.UTF_8));
        }
        ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>(
                "t", 0, 0, 0, TimestampType.CREATE_TIME, 0, 0, null, new byte[0], headers, Optional.empty());
        return new ConsumerRecords<>(Map.of(new TopicPartition("t", 0), List.of(record)), Map.of());
    }

    private static final class Clock implements TimeSource {
        private long nanos;

        @Override
        public long nanos() {
            return nanos;
        }

        @Override
        public long epochMillis() {
            return 0;
        }
    }
}
