package dev.waybill.kafka;

import dev.waybill.spi.BrokerException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.ListShareGroupOffsetsSpec;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.SharePartitionOffsetInfo;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** How far a share group is behind in a topic. */
final class Backlog {
    private final AdminCalls calls;
    private final String topic;
    private final String group;

    Backlog(AdminCalls calls, String topic, String group) {
        this.calls = calls;
        this.topic = topic;
        this.group = group;
    }

    /** The records that the group has not done with; where the broker does not count them, the offsets they span. */
    long count() {
        List<TopicPartition> partitions = partitions();
        Map<TopicPartition, SharePartitionOffsetInfo> group = groupOffsets(partitions);
        Map<TopicPartition, ListOffsetsResultInfo> first = offsets(partitions, OffsetSpec.earliest());
        Map<TopicPartition, ListOffsetsResultInfo> end = offsets(partitions, OffsetSpec.latest());
        long count = 0;
        for (TopicPartition partition : partitions) {
            @Nullable SharePartitionOffsetInfo known = group.get(partition);
            long span = Math.max(0, offset(end, partition) - start(known, offset(first, partition)));
            count += known == null ? span : known.lag().filter(lag -> lag >= 0).orElse(span);
        }
        return count;
    }

    private static long start(@Nullable SharePartitionOffsetInfo known, long earliest) {
        return known == null ? earliest : Math.max(earliest, known.startOffset());
    }

    private List<TopicPartition> partitions() {
        TopicDescription description = calls.topic(topic)
                .orElseThrow(() -> new BrokerException(
                        BrokerException.Kind.MISSING, "topic '" + topic + "' does not exist", null));
        return description.partitions().stream()
                .map(partition -> new TopicPartition(topic, partition.partition()))
                .toList();
    }

    private static long offset(Map<TopicPartition, ListOffsetsResultInfo> offsets, TopicPartition partition) {
        ListOffsetsResultInfo info = offsets.get(partition);
        return info == null ? 0 : info.offset();
    }

    private Map<TopicPartition, ListOffsetsResultInfo> offsets(List<TopicPartition> partitions, OffsetSpec spec) {
        Map<TopicPartition, OffsetSpec> question = new HashMap<>();
        partitions.forEach(partition -> question.put(partition, spec));
        return calls.await(
                "cannot ask for the offsets of topic '" + topic + "'",
                calls.admin().listOffsets(question).all());
    }

    /** Without those partitions that the group has not read from yet. */
    private Map<TopicPartition, SharePartitionOffsetInfo> groupOffsets(List<TopicPartition> partitions) {
        return calls.await(
                "cannot ask for the offsets of share group '" + group + "'",
                calls.admin()
                        .listShareGroupOffsets(
                                Map.of(group, new ListShareGroupOffsetsSpec().topicPartitions(partitions)))
                        .partitionsToOffsetInfo(group));
    }
}
