package dev.waybill.inmemory;

import dev.waybill.spi.Envelope;
import org.jspecify.annotations.Nullable;

/** The messages of a queue that wait for delivery. Guarded by the queue's lock. */
interface ReadyMessages {

    int size();

    void add(Envelope envelope, int priority);

    /** Puts it back where it came from, before everything that was behind it. */
    void giveBack(Receipt receipt);

    /** Delivers the next one that this receiver may have; null if there is none. */
    @Nullable
    Receipt take(InMemoryReceiver receiver, long lockedUntil);

    /** A message that was delivered is not locked any more, and does not come back. */
    default void gone(Receipt receipt) {}
}
