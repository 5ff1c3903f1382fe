package dev.waybill.kafka;

import dev.waybill.spi.BrokerException;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** How far the consumer group of an ordered queue is behind, as it has last been told. */
record OrderedBacklog(AdminCalls calls, String topic, String group) {

    long count() {
        TopicDescription description = calls.topic(topic)
                .orElseThrow(() -> new BrokerException(
                        BrokerException.Kind.MISSING, "topic '" + topic + "' does not exist", null));
        Map<TopicPartition, OffsetSpec> first = new HashMap<>();
        Map<TopicPartition, OffsetSpec> last = new HashMap<>();
        description.partitions().forEach(each -> {
            TopicPartition partition = new TopicPartition(topic, each.partition());
            first.put(partition, OffsetSpec.earliest());
            last.put(partition, OffsetSpec.latest());
        });
        Map<TopicPartition, OffsetAndMetadata> done = calls.await(
                "cannot ask for the offsets of group '" + group + "'",
                calls.admin().listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata());
        Map<TopicPartition, ListOffsetsResultInfo> starts = offsets(first);
        long count = 0;
        for (Map.Entry<TopicPartition, ListOffsetsResultInfo> end :
                offsets(last).entrySet()) {
            ListOffsetsResultInfo start = starts.get(end.getKey());
            count += left(start == null ? 0 : start.offset(), end.getValue().offset(), done.get(end.getKey()));
        }
        return count;
    }

    private static long left(long start, long end, @Nullable OffsetAndMetadata done) {
        if (done == null) {
            return end - start;
        }
        Mark mark = Mark.parse(done.offset(), done.metadata());
        return Math.max(0, end - Math.max(start, done.offset()) - (mark == null ? 0 : mark.finishedCount()));
    }

    private Map<TopicPartition, ListOffsetsResultInfo> offsets(Map<TopicPartition, OffsetSpec> asked) {
        return calls.await(
                "cannot ask for the offsets of topic '" + topic + "'",
                calls.admin().listOffsets(asked).all());
    }
}
