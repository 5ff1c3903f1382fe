package dev.waybill;

/** What a broker may or may not be able to do. A queue can demand some; see {@link Queue.Builder#requires}. */
public enum Capability {
    /** A send completes only when the broker has the message durably. */
    DURABLE_SEND("a send completes when the broker has the message durably"),
    /** Messages survive a restart of the broker. */
    SURVIVES_RESTART("messages survive a restart of the broker"),
    /** Each message goes to one of any number of consumers. */
    COMPETING_CONSUMERS("each message goes to exactly one of many consumers"),
    /** One producer, one consumer with a concurrency of 1, nothing redelivered: received in the order of sending. */
    FIFO("first in, first out: one producer, one consumer, nothing redelivered"),
    /** A consumer that hangs loses its message after the lock duration, even if its connection lives. */
    LOCK_EXPIRY("the lock of a consumer that hangs ends by time"),
    /** A handler that runs longer than the lock keeps it. */
    LOCK_EXTENSION("a slow handler keeps its lock by heartbeat"),
    /** Each delivery says which one it is. */
    DELIVERY_COUNT("each delivery carries its number"),
    /** A message can be given back without counting as delivered. */
    UNCOUNTED_RELEASE("a message can be given back without counting as a delivery"),
    /** A message whose consumers die goes to the dead-letter queue at the latest a few deliveries after the maximum, by the broker itself. */
    DELIVERY_LIMIT("the broker itself dead-letters a message whose consumers die"),
    /** A message can be sent that is delivered no earlier than its time. */
    DELAYED_SEND("a message is delivered no earlier than its time"),
    /** A message whose handler failed is delivered again after a while, and holds up no other meanwhile. */
    DELAYED_RETRY("a message waits between two deliveries, and holds up no other"),
    /** Messages of a higher level go first. */
    PRIORITY("messages of a higher level go first"),
    /** Messages of one key are handled one at a time and in order, over all consumers. */
    KEY_ORDER("messages of one key are handled one at a time and in order, over all consumers"),
    /** Many messages travel in one request or one write. */
    BATCH_SEND("sends are batched"),
    /** Many settlements travel in one request or one write. */
    BATCH_SETTLE("settlements are batched"),
    /** An overloaded broker tells its producers to wait. */
    FLOW_CONTROL("an overloaded broker makes its producers wait"),
    /** What exists can be compared with what is declared. */
    TOPOLOGY_VERIFY("what exists is compared with what is declared, field by field");

    private final String sentence;

    Capability(String sentence) {
        this.sentence = sentence;
    }

    /** What it means, in one sentence, as the documentation's table shows it. */
    public String sentence() {
        return sentence;
    }
}
