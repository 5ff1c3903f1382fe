package dev.waybill;

import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Sends to one queue. Thread-safe; make one per queue and share it. Messages are stored in the order of the calls of
 * {@link #send} as far as the broker gives it ({@link Capability#FIFO}).
 *
 * @param <T> the payload's type
 */
public interface Producer<T> extends AutoCloseable {

    /**
     * Sends, and completes when the broker has the message durably. Many sends may be in flight; when their number or size
     * has reached its bound ({@link ProducerOptions}), the call waits, at most for the send timeout.
     *
     * @return completes exceptionally with a {@link SendException} that says whether the message may have been stored; to
     *     cancel it has no effect on the send
     * @throws CodecException if the payload cannot be encoded
     */
    CompletableFuture<Void> send(Message<T> message);

    /** {@link #send(Message)} of a payload without key and headers. */
    default CompletableFuture<Void> send(T payload) {
        return send(Message.of(payload));
    }

    /**
     * Sends and waits for the answer.
     *
     * @throws SendException if it was not stored, or nobody knows; also if the thread is interrupted, whose flag stays set
     */
    void sendAndWait(Message<T> message);

    /** {@link #sendAndWait(Message)} of a payload without key and headers. */
    default void sendAndWait(T payload) {
        sendAndWait(Message.of(payload));
    }

    /**
     * Sends many. Completes, never exceptionally, when each has been stored or has failed.
     *
     * @return one result per message, in the order given
     */
    CompletableFuture<List<Result<T>>> sendAll(Collection<Message<T>> messages);

    /**
     * Finds out whether a message that is kept first, as in an outbox, can be sent later: throws what {@link #send} would because of the
     * message itself. Sends nothing, asks no broker, and stores no payload.
     *
     * @param message its payload encoded already, as the queue's codec does
     * @throws IllegalArgumentException if the queue does not take its priority, its delay, or that it has no key
     * @throws CapabilityException if it is to wait, and the broker cannot delay
     * @throws SendException if it is too large for the broker, as that encodes it, with 2 KiB for headers that it gets on its way
     */
    void check(Message<byte[]> message);

    /** Waits for what is in flight, at most for the send timeout, then closes. Later sends fail with {@code CLOSED}. */
    @Override
    void close();

    /**
     * How one message of a batch went.
     *
     * @param message the message
     * @param failure why it failed, or null if it is stored
     */
    record Result<T>(Message<T> message, @Nullable WaybillException failure) {
        public boolean stored() {
            return failure == null;
        }
    }
}
