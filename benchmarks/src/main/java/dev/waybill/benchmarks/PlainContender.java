package dev.waybill.benchmarks;

/** The plain client, which also looks after the server. */
interface PlainContender extends Contender {

    /** How many messages the queue has, as far as the server knows. */
    long left(String queue) throws Exception;

    /** The dead-letter queue, as {@link #left} takes it. */
    String deadLetterQueue(String queue);

    /** Deletes the queue and its dead-letter queue. */
    void delete(String queue) throws Exception;
}
