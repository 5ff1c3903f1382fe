package dev.waybill.spi;

/**
 * How to receive.
 *
 * @param prefetch how many messages the receiver may hold, handed over and not yet settled or still in its buffer; at least 1
 * @param onLost to be called when messages that were handed over are {@link Inbound#lost} and the adapter waits until they are settled,
 *     as when a key is to go to another receiver: core then settles at once what no handler has started with, and the rest when its
 *     handler has ended. Does not block; may be called by any thread
 * @param starves whether messages may be held for as long as there are others that go first, so that a broker that limits how long a
 *     message may be held is not to, if it can be told
 */
public record ReceiverOptions(int prefetch, Runnable onLost, boolean starves) {
    /** For who looks at each message as it comes. */
    public ReceiverOptions(int prefetch) {
        this(prefetch, () -> {}, false);
    }
}
