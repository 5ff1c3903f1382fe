package dev.waybill.sqs;

import dev.waybill.spi.Held;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the extensions of one message's lock from landing after its return, whose delay they would end or lengthen: SQS does what
 * reaches it last, and each request travels on a connection of its own. So the return waits until those under way are answered, and
 * none starts after it. Thread-safe.
 */
final class Extensions {
    private int underWay;
    private boolean returned;
    private @Nullable Held waiting;

    /** False if the message is being given back, so that there is nothing left to extend. */
    synchronized boolean start() {
        if (returned) {
            return false;
        }
        underWay++;
        return true;
    }

    /** An extension that was started is answered, or never will be. Returns what is to be given back now, or null. */
    synchronized @Nullable Held end() {
        if (--underWay > 0) {
            return null;
        }
        Held now = waiting;
        waiting = null;
        return now;
    }

    /** Whether the message may be given back now; if not, {@link #end} hands it out. */
    synchronized boolean giveBack(Held held) {
        returned = true;
        if (underWay > 0) {
            waiting = held;
            return false;
        }
        return true;
    }
}
