package dev.waybill.benchmarks;

import java.util.List;

/** The plain client, which also looks after the server. */
interface PlainContender extends Contender {

    /** How many messages the queue has, as far as the server knows. */
    long left(String queue) throws Exception;

    /** The dead-letter queue, as {@link #left} takes it. */
    String deadLetterQueue(String queue);

    /** Where Waybill puts the messages of a level, from 1, of a queue that has a lane a level. */
    String lane(String queue, int level);

    /** Deletes what messages are in, and the dead-letter queue of the first. */
    void delete(List<String> queues) throws Exception;
}
