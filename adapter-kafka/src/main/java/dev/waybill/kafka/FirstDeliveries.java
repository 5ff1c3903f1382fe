package dev.waybill.kafka;

import dev.waybill.spi.BrokerException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which records that the broker counts as delivered for the first time may have been delivered before. The broker keeps its
 * count of deliveries under way in memory and loses it in two cases:
 * <ul>
 *   <li>The partition gets another leader, or its leader starts again. Such a record was written under an earlier leader epoch
 *       than the current one; one that was written under the current one certainly was not delivered under another.
 *   <li>The last share session of the group on that broker breaks, and another begins before the broker has written down what
 *       the broken ones held. Within one process that shows by a record that was here already; new records come in the order
 *       of their offsets, so no two polls have a stretch of them in common.
 * </ul>
 * One for all receivers of a broker, since one that is opened again must know what the one before it held.
 */
final class FirstDeliveries {
    private static final Logger LOG = LoggerFactory.getLogger(FirstDeliveries.class);
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private final AdminCalls calls;
    private final int remembered;
    private final Map<TopicPartition, Deque<Stretch>> recent = new ConcurrentHashMap<>();

    /**
     * @param shareConsumers how many may read a topic at once; of each, what it holds and what it held before can come again
     */
    FirstDeliveries(AdminCalls calls, int shareConsumers) {
        this.calls = calls;
        this.remembered = 2 * shareConsumers;
    }

    /** Remembers what was just received, for who asks about it. */
    Arrival arrived(ConsumerRecords<byte[], byte[]> records) {
        Map<TopicPartition, List<Stretch>> again = new HashMap<>();
        for (TopicPartition partition : records.partitions()) {
            List<Stretch> met = remember(partition, records.records(partition));
            if (!met.isEmpty()) {
                again.put(partition, met);
            }
        }
        return new Arrival(Set.copyOf(records.partitions()), again);
    }

    /** The records of one poll. Thread-safe. */
    final class Arrival {
        private final Set<TopicPartition> partitions;
        private final Map<TopicPartition, List<Stretch>> again;
        private @Nullable Map<TopicPartition, Integer> epochs;

        private Arrival(Set<TopicPartition> partitions, Map<TopicPartition, List<Stretch>> again) {
            this.partitions = partitions;
            this.again = again;
        }

        /** Whether a record of it is certainly delivered for the first time. The first to ask waits for the broker. */
        boolean first(ConsumerRecord<byte[], byte[]> record) {
            if (!countedAsFirst(record)) {
                return false;
            }
            TopicPartition partition = new TopicPartition(record.topic(), record.partition());
            for (Stretch stretch : again.getOrDefault(partition, List.of())) {
                if (stretch.has(record.offset())) {
                    return false;
                }
            }
            Integer epoch = epochs().get(partition);
            return epoch != null && record.leaderEpoch().orElse(-1) >= epoch;
        }

        /** Asked only when somebody wants to know, which saves a request a poll; the later, the more it proves. */
        private synchronized Map<TopicPartition, Integer> epochs() {
            if (epochs == null) {
                epochs = leaderEpochs(partitions);
            }
            return epochs;
        }
    }

    private static boolean countedAsFirst(ConsumerRecord<byte[], byte[]> record) {
        return record.deliveryCount().orElse((short) 1) <= 1;
    }

    /** The remembered stretches that these records touch. */
    private List<Stretch> remember(TopicPartition partition, List<ConsumerRecord<byte[], byte[]>> records) {
        long first = Long.MAX_VALUE;
        long last = Long.MIN_VALUE;
        for (ConsumerRecord<byte[], byte[]> record : records) {
            if (countedAsFirst(record)) {
                first = Math.min(first, record.offset());
                last = Math.max(last, record.offset());
            }
        }
        if (first > last) {
            return List.of();
        }
        Stretch now = new Stretch(first, last);
        List<Stretch> met = new ArrayList<>(0);
        Deque<Stretch> before = recent.computeIfAbsent(partition, any -> new ArrayDeque<>());
        synchronized (before) {
            for (Stretch stretch : before) {
                if (stretch.meets(now)) {
                    met.add(stretch);
                }
            }
            if (before.size() == remembered) {
                before.removeFirst();
            }
            before.addLast(now);
        }
        return met;
    }

    /** The epochs now; asked after the records were received, or it proves nothing. One that is unknown is left out. */
    private Map<TopicPartition, Integer> leaderEpochs(Set<TopicPartition> partitions) {
        Map<TopicPartition, OffsetSpec> question = new HashMap<>();
        partitions.forEach(partition -> question.put(partition, OffsetSpec.latest()));
        Map<TopicPartition, Integer> epochs = new HashMap<>();
        try {
            Map<TopicPartition, ListOffsetsResultInfo> answer = calls.await(
                    "cannot ask for the leader epochs",
                    calls.admin().listOffsets(question).all(),
                    PATIENCE);
            answer.forEach((partition, info) -> info.leaderEpoch().ifPresent(epoch -> epochs.put(partition, epoch)));
        } catch (BrokerException unknown) {
            LOG.debug("what comes counts as redelivered, as far as is known", unknown);
        }
        return epochs;
    }

    /** The offsets of one poll's new records, both inclusive. */
    private record Stretch(long first, long last) {
        boolean meets(Stretch other) {
            return first <= other.last && other.first <= last;
        }

        boolean has(long offset) {
            return first <= offset && offset <= last;
        }
    }
}
