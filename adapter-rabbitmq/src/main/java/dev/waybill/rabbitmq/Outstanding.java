package dev.waybill.rabbitmq;

import dev.waybill.spi.Outbound;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What is published and not confirmed, by sequence number. The numbers are consecutive, so a ring takes the place of a map. Each
 * message is taken out once, by whoever comes first: the confirm, the return, or the end of the channel. Thread-safe.
 */
final class Outstanding {
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable Outbound[] ring = new Outbound[1024];
    /** The lowest number that may still be there, and the lowest that is not there yet. */
    private long low = 1;

    private long next = 1;

    void add(long number, Outbound message) {
        lock.lock();
        try {
            if (number - low >= ring.length) {
                grow(number);
            }
            ring[slot(number)] = message;
            next = number + 1;
        } finally {
            lock.unlock();
        }
    }

    private void grow(long number) {
        @Nullable Outbound[] old = ring;
        int length = old.length;
        while (number - low >= length) {
            length *= 2;
        }
        @Nullable Outbound[] larger = new Outbound[length];
        for (long n = low; n < next; n++) {
            larger[(int) (n & (length - 1))] = old[(int) (n & (old.length - 1))];
        }
        ring = larger;
    }

    private int slot(long number) {
        return (int) (number & (ring.length - 1));
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

    /** The lowest one with that id. */
    @Nullable
    Outbound takeById(@Nullable String id) {
        lock.lock();
        try {
            for (long n = low; n < next; n++) {
                Outbound message = ring[slot(n)];
                if (message != null && message.envelope().id().equals(id)) {
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
