package dev.waybill.kafka;

import dev.waybill.Capabilities;
import dev.waybill.Capability;
import java.util.OptionalInt;

/** What a server can do, in words. */
final class Capable {
    private Capable() {}

    static Capabilities of(Server server, OptionalInt partitions) {
        Capabilities.Builder can = Capabilities.of("Kafka " + server.version())
                .nativeBy(
                        Capability.DURABLE_SEND,
                        "acks=all: as many replicas as the topic's min.insync.replicas have it")
                .nativeBy(Capability.SURVIVES_RESTART, "the log on disk, and its replicas")
                .nativeBy(Capability.COMPETING_CONSUMERS, "one share group per queue")
                .nativeBy(Capability.LOCK_EXPIRY, "share.record.lock.duration.ms of the group")
                .nativeBy(
                        Capability.LOCK_EXTENSION,
                        "RENEW (KIP-1222); all records that one share consumer holds are renewed together")
                .nativeBy(Capability.DELIVERY_COUNT, "the record's deliveryCount(), counted at each acquisition")
                .unsupported(
                        Capability.UNCOUNTED_RELEASE,
                        "RELEASE counts: the delivery count grows each time a record is acquired")
                .emulated(
                        Capability.DELAYED_SEND,
                        "delay topics by powers of two from 128 ms, which the consuming processes read when due and move on"
                                + " in transactions; each step writes the message once more; it comes some 0.2 s late, more where many are due at once")
                .emulated(
                        Capability.DELAYED_RETRY,
                        "a copy that is delayed, then an acknowledgement; costs what a delayed send costs")
                .nativeBy(Capability.BATCH_SEND, "record batches")
                .nativeBy(Capability.BATCH_SETTLE, "acknowledgements of a poll travel in one request")
                .nativeBy(
                        Capability.FLOW_CONTROL,
                        "a send waits while the producer's buffer.memory is full, also when a quota throttles it")
                .emulated(Capability.PRIORITY, "a topic and a share group a level")
                .nativeBy(
                        Capability.KEY_ORDER,
                        "a partition by the key, of which a consumer group gives each to one process; retries are counted there")
                .nativeBy(Capability.TOPOLOGY_VERIFY, "configuration of the topics and of the share groups");
        if (partitions.orElse(1) == 1) {
            can.nativeBy(Capability.FIFO, "a topic of one partition; of several, only each is in order");
        } else {
            can.unsupported(
                    Capability.FIFO,
                    "waybill.kafka.partitions is " + partitions.getAsInt() + ": only each partition is in order");
        }
        if (server.deadLetterTopics()) {
            can.nativeBy(
                    Capability.DELIVERY_LIMIT,
                    "share.delivery.count.limit and errors.deadletterqueue.topic.name of the group (KIP-1191)");
        } else {
            can.unsupported(
                    Capability.DELIVERY_LIMIT,
                    "share.version 1 has no dead-letter topics: after the highest limit that the server allows, a message"
                            + " whose consumers die is dropped");
        }
        return can.build();
    }
}
