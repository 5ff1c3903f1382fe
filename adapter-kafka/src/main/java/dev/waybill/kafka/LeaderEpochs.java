package dev.waybill.kafka;

import dev.waybill.spi.BrokerException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether a record that the broker counts as delivered for the first time may have been delivered before. The broker keeps
 * its count of deliveries under way in memory, so when a partition gets another leader, or its leader starts again, what was
 * in somebody's hands comes again as new. Such a record was written under an earlier leader epoch than the current one; one
 * that was written under the current one certainly was not delivered under another.
 */
final class LeaderEpochs {
    private static final Logger LOG = LoggerFactory.getLogger(LeaderEpochs.class);
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private final AdminCalls calls;

    LeaderEpochs(AdminCalls calls) {
        this.calls = calls;
    }

    /** The epochs now; asked after the records were received, or it proves nothing. One that is unknown is left out. */
    Map<TopicPartition, Integer> of(Set<TopicPartition> partitions) {
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

    static boolean maybeDeliveredBefore(ConsumerRecord<byte[], byte[]> record, Map<TopicPartition, Integer> epochs) {
        Integer current = epochs.get(new TopicPartition(record.topic(), record.partition()));
        return current == null || record.leaderEpoch().orElse(-1) < current;
    }
}
