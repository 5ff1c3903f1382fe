package dev.waybill.rabbitmq;

import dev.waybill.spi.Envelope;
import dev.waybill.spi.Outbound;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What is published on one channel and not confirmed, by the number that the server counts. The numbers are consecutive, so a
 * ring takes the place of a map. Each message is taken out once, by whoever comes first: the confirm, the return, or the end of
 * the channel. Messages are added by one thread at a time and taken by any.
 */
final class Outstanding {
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable Outbound[] ring = new Outbound[1024];
    /** The lowest number that may still be there, and the lowest that is not there yet. */
    private long low = 1;

    private long next = 1;

    /** Adds a message that is about to be published, and says its number. */
    long add(Outbound message) {
        lock.lock();
        try {
            if (next - low >= ring.length) {
                grow();
            }
            ring[slot(next)] = message;
            return next++;
        } finally {
            lock.unlock();
        }
    }

    private void grow() {
        @Nullable Outbound[] old = ring;
        int length = old.length * 2;
        @Nullable Outbound[] larger = new Outbound[length];
        for (long n = low; n < next; n++) {
            larger[(int) (n & (length - 1))] = old[(int) (n & (old.length - 1))];
        }
        ring = larger;
    }

    private int slot(long number) {
        return (int) (number & (ring.length - 1));
    }

    /**
     * Takes back the message that was added last and, it turned out, not written: the server has not counted it, so that the next
     * one gets its number.
     */
    @Nullable
    Outbound withdraw(long number) {
        lock.lock();
        try {
            int slot = slot(number);
            Outbound message = ring[slot];
            ring[slot] = null;
            next = number;
            low = Math.min(low, number);
            return message;
        } finally {
            lock.unlock();
        }
    }

    @Nullable
    Outbound take(long number) {
        lock.lock();
        try {
            return number < low || number >= next ? null : remove(number);
        } finally {
            lock.unlock();
        }
    }

    private @Nullable Outbound remove(long number) {
        int slot = slot(number);
        Outbound message = ring[slot];
        ring[slot] = null;
        while (low < next && ring[slot(low)] == null) {
            low++;
        }
        return message;
    }

    /** All up to and including that number, lowest first. */
    List<Outbound> takeUpTo(long number) {
        lock.lock();
        try {
            long end = Math.min(number, next - 1);
            List<Outbound> taken = new ArrayList<>(Math.max(0, (int) (end - low + 1)));
            for (long n = low; n <= end; n++) {
                int slot = slot(n);
                Outbound message = ring[slot];
                if (message != null) {
                    ring[slot] = null;
                    taken.add(message);
                }
            }
            low = Math.max(low, end + 1);
            return taken;
        } finally {
            lock.unlock();
        }
    }

    /**
     * The lowest one that is the message which the server returned. The server names no number, and an id may have been sent more
     * than once with different contents, of which one may be stored: so everything must be the same.
     */
    @Nullable
    Outbound takeReturned(Envelope returned) {
        lock.lock();
        try {
            for (long n = low; n < next; n++) {
                Outbound message = ring[slot(n)];
                if (message != null && Envelopes.same(message.envelope(), returned)) {
                    return remove(n);
                }
            }
            return null;
        } finally {
            lock.unlock();
        }
    }

    List<Outbound> takeAll() {
        return takeUpTo(Long.MAX_VALUE - 1);
    }
}
