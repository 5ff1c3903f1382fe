package dev.waybill.spi;

import java.time.Duration;
import java.util.List;

/**
 * Receives from one destination, each message locked to this receiver until it is settled, its lock ends, or the receiver is
 * closed. {@link #receive} is called by one thread at a time, though not always the same; all other methods by any thread,
 * also while a receive is waiting.
 */
public interface Receiver extends AutoCloseable {

    /**
     * Waits up to {@code wait} for at least one message and returns what is there, at most {@code max}; empty if there is
     * none, or, at once, when the receiver is paused or closed. Does not wait for a batch to fill.
     *
     * @throws BrokerException if the connection is lost or the destination is gone. Core closes this receiver and opens a new
     *     one; whether what was handed over before is lost, {@link Inbound#lost} says
     * @throws InterruptedException if the thread is interrupted; no message is lost by that
     */
    List<Inbound> receive(int max, Duration wait) throws InterruptedException;

    /**
     * Whether a {@link #receive} would return messages at once that are here already: then core puts off what there is to settle
     * for a moment, to settle more together, and of several receivers asks this one first. Cheap; does not block and asks nobody.
     */
    default boolean ready() {
        return false;
    }

    /**
     * Settles messages as each one's {@link Held#disposition} says, in any order and from any receive. Returns at once or
     * blocks briefly; each message is reported exactly once, on any thread: {@link Held#settled}, {@link Held#lost} if the
     * lock is no longer ours, or {@link Held#failed} if the broker did not take it. The list is core's: copy it if it is
     * needed after the return. Throws nothing, also after close.
     */
    void settle(List<? extends Held> batch);

    /**
     * Whether {@link #settle} can give back this message so that the broker itself delivers it again after that time, counted, and
     * holds up no other for it. If not, core sends a copy that is delayed ({@link Outbound#delayMillis}), and then accepts the
     * message. 0 is at once; a broker that makes every returned message of a queue wait cannot do that. Cheap; does not block and
     * asks nobody.
     */
    boolean canDelay(Inbound message, long delayMillis);

    /**
     * Extends the locks by the queue's lock duration from now. Reports {@link Held#extended}, {@link Held#lost} or
     * {@link Held#failed}, as in {@link #settle}. A broker without timed locks reports nothing and core does not call it.
     */
    void extend(List<? extends Held> held);

    /** Changes the prefetch while receiving; a smaller one takes effect as messages are settled. Does not block. */
    void prefetch(int limit);

    /**
     * After how many nanoseconds without a sign of life of this process the broker may give to others what this receiver has fetched: as
     * its session, its heartbeats or, where neither counts, its locks allow. When this process has stood still for about as long, as with
     * a machine that was paused, core handles nothing of this receiver that has not started, and opens another. By default never. Asked
     * once, when it is open; does not block.
     */
    default long silenceNanos() {
        return Long.MAX_VALUE;
    }

    /**
     * Stops fetching. What the receiver has fetched and not handed over goes back to the broker where that does not count as
     * a delivery; else it is kept, its lock extended by the adapter, and handed over after {@link #resume}. What was handed
     * over stays valid. Idempotent.
     */
    void pause();

    /** Fetches again. Idempotent. */
    void resume();

    /**
     * Stops fetching for good; a waiting receive returns empty. What the receiver has fetched and not handed over goes back at once where
     * that does not count as a delivery; else it is handed over here, for core to send on what would die of its return. Of an ordered
     * queue it goes back at the close, behind what was handed over. What comes after this, of a fetch that was under way, the receiver
     * gives back. What was handed over stays valid until {@link #close}. Idempotent.
     */
    List<Inbound> stop();

    /**
     * Ends it, after settlements that were handed over before are carried out, within a bounded time. What is not settled
     * comes back by the broker's own rule, with the connection or when its lock ends; what was fetched and not handed over is
     * given back where the broker allows that. A waiting receive returns empty at once. Idempotent.
     */
    @Override
    void close();
}
