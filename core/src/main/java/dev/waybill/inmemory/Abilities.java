package dev.waybill.inmemory;

import dev.waybill.Capabilities;
import dev.waybill.Capability;

/** What the in-memory broker says it can do: what it can, or what the broker can that it emulates. */
final class Abilities {
    private Abilities() {}

    static Capabilities of(Emulation emulation) {
        return switch (emulation) {
            case NONE -> ofItself();
            case RABBITMQ -> ofRabbitMq();
            case KAFKA -> ofKafka();
            case SQS -> ofSqs();
        };
    }

    private static Capabilities ofItself() {
        return common("in-memory")
                .nativeBy(
                        Capability.DURABLE_SEND, "a send completes when the queue has it, for as long as the JVM lives")
                .unsupported(Capability.SURVIVES_RESTART, "queues live in the heap")
                .nativeBy(Capability.FIFO, "one deque a queue")
                .nativeBy(Capability.LOCK_EXPIRY, "by the clock")
                .nativeBy(Capability.LOCK_EXTENSION, "the lock ends later")
                .nativeBy(Capability.UNCOUNTED_RELEASE, "back to the head, not counted")
                .nativeBy(Capability.FLOW_CONTROL, "only when a test asks for it")
                .nativeBy(Capability.DELAYED_SEND, "by the clock")
                .nativeBy(Capability.DELAYED_RETRY, "by the clock")
                .emulated(Capability.PRIORITY, "a queue a level")
                .build();
    }

    private static Capabilities ofRabbitMq() {
        return common("in-memory, as RabbitMQ 4.3")
                .nativeBy(Capability.DURABLE_SEND, "publisher confirms")
                .nativeBy(Capability.SURVIVES_RESTART, "quorum queues, emulated without a restart")
                .nativeBy(Capability.FIFO, "quorum queue")
                .unsupported(
                        Capability.LOCK_EXPIRY,
                        "a lock ends with its connection, or by the server's consumer timeout, 30 minutes by default")
                .nativeBy(Capability.LOCK_EXTENSION, "not needed: a lock does not end by time")
                .nativeBy(Capability.UNCOUNTED_RELEASE, "basic.nack with requeue")
                .nativeBy(Capability.PRIORITY, "a quorum queue's, strictly; else a queue a level")
                .nativeBy(Capability.FLOW_CONTROL, "connection.blocked")
                .emulated(Capability.DELAYED_SEND, "queues with a time to live, to a day")
                .emulated(Capability.DELAYED_RETRY, "a copy that is delayed, then an acknowledgement")
                .build();
    }

    private static Capabilities ofKafka() {
        return common("in-memory, as Kafka 4.4")
                .nativeBy(Capability.DURABLE_SEND, "acks=all")
                .nativeBy(Capability.SURVIVES_RESTART, "the log, emulated without a restart")
                .unsupported(Capability.FIFO, "a topic of four partitions: only each partition is in order")
                .nativeBy(Capability.LOCK_EXPIRY, "share.record.lock.duration.ms")
                .nativeBy(Capability.LOCK_EXTENSION, "RENEW")
                .unsupported(Capability.UNCOUNTED_RELEASE, "RELEASE counts as a delivery")
                .emulated(Capability.PRIORITY, "a topic a level")
                .nativeBy(Capability.FLOW_CONTROL, "a send waits while the producer's buffer is full")
                .emulated(Capability.DELAYED_SEND, "delay topics, to 366 days")
                .emulated(Capability.DELAYED_RETRY, "a copy that is delayed, then an acknowledgement")
                .build();
    }

    private static Capabilities ofSqs() {
        return common("in-memory, as SQS")
                .nativeBy(Capability.DURABLE_SEND, "the response to SendMessageBatch")
                .nativeBy(Capability.SURVIVES_RESTART, "the service, emulated without a restart")
                .unsupported(Capability.FIFO, "standard queues may reorder")
                .nativeBy(Capability.LOCK_EXPIRY, "visibility timeout")
                .nativeBy(Capability.LOCK_EXTENSION, "ChangeMessageVisibility")
                .unsupported(Capability.UNCOUNTED_RELEASE, "each receive counts")
                .emulated(Capability.PRIORITY, "a queue a level")
                .unsupported(Capability.FLOW_CONTROL, "requests are throttled and fail")
                .nativeBy(Capability.DELAYED_SEND, "DelaySeconds, in whole seconds, to 15 minutes")
                .nativeBy(Capability.DELAYED_RETRY, "visibility timeout, in whole seconds")
                .build();
    }

    /** What all of them can. */
    private static Capabilities.Builder common(String broker) {
        return Capabilities.of(broker)
                .nativeBy(Capability.COMPETING_CONSUMERS, "a message is locked to one receiver")
                .nativeBy(Capability.KEY_ORDER, "a lane a key, for one receiver at a time")
                .nativeBy(Capability.DELIVERY_COUNT, "counted at each delivery")
                .nativeBy(Capability.DELIVERY_LIMIT, "moved when it comes back after the last delivery")
                .nativeBy(Capability.BATCH_SEND, "one call")
                .nativeBy(Capability.BATCH_SETTLE, "one call")
                .nativeBy(Capability.TOPOLOGY_VERIFY, "maxDeliveries, lockDuration and ordered");
    }
}
