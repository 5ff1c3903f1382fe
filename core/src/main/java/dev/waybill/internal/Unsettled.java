package dev.waybill.internal;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** How many messages a subscription has received and not settled, and somebody who waits for none at its close. */
final class Unsettled {
    private final AtomicInteger count = new AtomicInteger();
    private volatile @Nullable Thread waiter;

    void received(int messages) {
        count.addAndGet(messages);
    }

    void settled() {
        if (count.decrementAndGet() == 0) {
            LockSupport.unpark(waiter);
        }
    }

    int count() {
        return count.get();
    }

    /** By one thread at a time. */
    boolean awaitNone(long end) {
        waiter = Thread.currentThread();
        try {
            for (long left = end - System.nanoTime(); count.get() > 0 && left > 0; left = end - System.nanoTime()) {
                LockSupport.parkNanos(this, left);
                if (Thread.currentThread().isInterrupted()) {
                    break;
                }
            }
            return count.get() == 0;
        } finally {
            waiter = null;
        }
    }
}
