package dev.waybill.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.spi.TimeSource;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockShareConsumer;
import org.junit.jupiter.api.Test;

class ShareWorkerTest {
    private static final Duration LOCK = Duration.ofSeconds(30);
    private static final Duration LONG = Duration.ofMinutes(1);

    /** How long each poll might wait, in their order. */
    private final List<Duration> polls = new CopyOnWriteArrayList<>();

    /** The very first poll brings nothing, and each other a record. */
    private final class Client extends MockShareConsumer<byte[], byte[]> {
        @Override
        public ConsumerRecords<byte[], byte[]> poll(Duration wait) {
            polls.add(wait);
            if (polls.size() > 1) {
                addRecord(new ConsumerRecord<>("t", 0, polls.size(), new byte[0], "m".getBytes(UTF_8)));
            }
            return super.poll(wait);
        }
    }

    @Test
    void who_joins_after_another_has_got_records_waits_for_its_own_in_one_poll() throws Exception {
        TimeSource time = TimeSource.system();
        try (Admin nobodyAsks = Admin.create(Map.of("bootstrap.servers", "127.0.0.1:1"))) {
            AdminCalls calls = new AdminCalls(nobodyAsks, LOCK);
            FirstDeliveries firstDeliveries = new FirstDeliveries(calls, 2);
            KafkaReceiver receiver = new KafkaReceiver(
                    "t",
                    LOCK,
                    1,
                    2,
                    4,
                    (owner, pollSize) -> {
                        ShareWorker worker = new ShareWorker(
                                "worker", Client::new, pollSize, owner, Records::decode, firstDeliveries, time, LOCK);
                        worker.start();
                        return worker;
                    },
                    new TopicWatch(calls, "t", Runnable::run, time),
                    Markers.none(time),
                    () -> {});
            try {
                assertThat(receiver.receive(1, LOCK)).hasSize(1);
                assertThat(receiver.receive(1, LOCK)).hasSize(1);
            } finally {
                receiver.close();
            }
            assertThat(polls).hasSize(3);
            assertThat(polls.get(2)).isGreaterThan(LONG);
        }
    }
}
