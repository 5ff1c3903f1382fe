package dev.waybill.benchmarks;

/** The bounds that both sides keep. */
final class Load {
    /** Messages sent and not confirmed. */
    static final int IN_FLIGHT = 1000;

    /** Messages received from RabbitMQ and not acknowledged, beyond those being handled. */
    static final int PREFETCH = 250;

    /** Dead letters received from RabbitMQ on their way back, as Waybill's redrive. */
    static final int REDRIVE_PREFETCH = 1000;

    /** Of a queue that is ordered by key, beyond those being handled: also the prefetch of each plain partition. */
    static final int CONVOY_PREFETCH = 100;

    /** How many records a poll of Kafka brings at most. */
    static final int POLL_RECORDS = 500;

    /** Of a queue with priorities. */
    static final int LEVELS = 4;

    private Load() {}

    /** Waybill's prefetch that makes its bounds those of the plain client; Waybill polls half of it from Kafka. */
    static int prefetch(String broker) {
        return broker.equals("kafka") ? 2 * POLL_RECORDS : PREFETCH;
    }
}
