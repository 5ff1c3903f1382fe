package dev.waybill.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.DeadLetterHeaders;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeadLetterReaderTest {

    private static ConsumerRecord<byte[], byte[]> movedFrom(String topic) {
        ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>("dlq.orders", 0, 0, null, new byte[0]);
        Map.of("topic", topic, "partition", "0", "offset", "7", "message", "the limit", "delivery.count", "5")
                .forEach((name, value) -> record.headers().add(DeadLetterReader.PREFIX + name, value.getBytes(UTF_8)));
        return record;
    }

    @ParameterizedTest
    @CsvSource({"orders, orders", "orders.p1, orders", "other, other"})
    void whatTheBrokerHasMovedIsOfItsQueueWhicheverLaneItWasIn(String topic, String queue) {
        DeadLetterReader reader = new DeadLetterReader("dlq.orders", "orders", Map.of());
        // It looks for no headers then.
        reader.close();
        assertThat(reader.read(movedFrom(topic)).envelope().headers())
                .containsEntry(DeadLetterHeaders.QUEUE, queue)
                .containsEntry(DeadLetterHeaders.DELIVERIES, "5");
    }
}
