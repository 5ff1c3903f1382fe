package dev.waybill.spi;

import java.util.List;

/**
 * Sends to one destination. Core calls {@link #send} from one thread at a time, though not always the same, and
 * {@link #close} from any.
 */
public interface Sender extends AutoCloseable {

    /**
     * Hands a batch over, in order, and returns without waiting for the broker's answer; it may block while the client's
     * buffer is full. Every message of the batch is reported exactly once, on any thread, now or later:
     * {@link Outbound#stored} when the broker has it durably, {@link Outbound#failed} otherwise. Messages are
     * stored in the order in which they were handed over, as far as {@link Limits#maxSendCalls} is 1 or the client keeps the
     * order of several calls.
     *
     * <p>The list is core's and is reused: copy it if it is needed after the return. Throws nothing: what goes wrong is
     * reported to the messages it concerns.
     */
    void send(List<? extends Outbound> batch);

    /**
     * False when the connection is gone for good, so that core asks the broker for a new sender before the next batch. Does
     * not block.
     */
    boolean usable();

    /** Ends it. What has not been reported is reported as failed, and maybe stored where it was handed over. Idempotent. */
    @Override
    void close();
}
