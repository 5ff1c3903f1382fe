package dev.waybill.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.DeadLetterHeaders;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeadLetterReaderTest {

    private static ConsumerRecord<byte[], byte[]> movedFrom(String topic, long offset) {
        ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>("dlq.orders", 0, 0, null, new byte[0]);
        Map.of(
                        "topic",
                        topic,
                        "partition",
                        "0",
                        "offset",
                        Long.toString(offset),
                        "message",
                        "the limit",
                        "delivery.count",
                        "5")
                .forEach((name, value) -> record.headers().add(DeadLetterReader.PREFIX + name, value.getBytes(UTF_8)));
        return record;
    }

    @ParameterizedTest
    @CsvSource({"orders, orders", "orders.p1, orders", "other, other"})
    void whatTheBrokerHasMovedIsOfItsQueueWhicheverLaneItWasIn(String topic, String queue) {
        DeadLetterReader reader = new DeadLetterReader("dlq.orders", "orders", () -> {
            throw new AssertionError("nothing to look up");
        });
        // It looks for no headers then.
        reader.close();
        assertThat(reader.read(movedFrom(topic, 7)).envelope().headers())
                .containsEntry(DeadLetterHeaders.QUEUE, queue)
                .containsEntry(DeadLetterHeaders.DELIVERIES, "5");
    }

    @Test
    void whatTheBrokerHasMovedHasItsOwnHeadersHoweverFarItsPartitionHasCome() {
        long offset = 3_000_000_000L;
        ConsumerRecord<byte[], byte[]> original = new ConsumerRecord<>("orders", 0, offset, null, new byte[0]);
        original.headers().add("tenant", "acme".getBytes(UTF_8));
        TopicPartition partition = new TopicPartition("orders", 0);
        MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("none");
        consumer.schedulePollTask(() -> consumer.addRecord(original));
        consumer.updateBeginningOffsets(Map.of(partition, offset));
        DeadLetterReader reader = new DeadLetterReader("dlq.orders", "orders", () -> consumer);
        assertThat(reader.read(movedFrom("orders", offset)).envelope().headers())
                .containsEntry("tenant", "acme");
    }
}
