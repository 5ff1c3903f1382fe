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

    /**
     * A partition as the group has it.
     *
     * @param start where what it has not done with begins; the broker may not yet tell what was done with last
     * @param end where the log ends, for who reads what is committed
     * @param open how many records of these the group has not done with; where the broker does not count them, all
     */
    record Part(long start, long end, long open) {
        /** Whether from the start to the end is only what it has not done with. */
        boolean whole() {
            return open == 0 || open >= end - start;
        }
    }

    /** The records that the group has not done with. */
    long count() {
        return parts().values().stream().mapToLong(Part::open).sum();
    }

    Map<TopicPartition, Part> parts() {
        List<TopicPartition> partitions = partitions();
        Map<TopicPartition, SharePartitionOffsetInfo> group = groupOffsets(partitions);
        Map<TopicPartition, ListOffsetsResultInfo> first = offsets(partitions, OffsetSpec.earliest());
        Map<TopicPartition, ListOffsetsResultInfo> ends = offsets(partitions, OffsetSpec.latest());
        Map<TopicPartition, Part> parts = new HashMap<>();
        for (TopicPartition partition : partitions) {
            @Nullable SharePartitionOffsetInfo known = group.get(partition);
            long end = offset(ends, partition);
            long start = Math.min(end, start(known, offset(first, partition)));
            long span = end - start;
            long open =
                    known == null ? span : known.lag().filter(lag -> lag >= 0).orElse(span);
            parts.put(partition, new Part(start, end, open));
        }
        return parts;
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
