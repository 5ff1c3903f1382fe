package dev.waybill.rabbitmq;

import dev.waybill.spi.Envelope;
import dev.waybill.spi.Outbound;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What is published on one channel and not confirmed, by the number that the server counts. Each message is taken out once, by
 * whoever comes first: the confirm, the return, or the end of the channel. Messages are added by one thread at a time and taken by
 * any.
 */
final class Outstanding {
    private final ReentrantLock lock = new ReentrantLock();
    /** In the order of their numbers. */
    private final Map<Long, Outbound> messages = new LinkedHashMap<>();

    private long next = 1;

    /** Adds a message that is about to be published, and says its number. */
    long add(Outbound message) {
        lock.lock();
        try {
            messages.put(next, message);
            return next++;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes back the message that was added last and, it turned out, not written: the server has not counted it, so that the next
     * one gets its number.
     */
    @Nullable
    Outbound withdraw(long number) {
        lock.lock();
        try {
            next = number;
            return messages.remove(number);
        } finally {
            lock.unlock();
        }
    }

    @Nullable
    Outbound take(long number) {
        lock.lock();
        try {
            return messages.remove(number);
        } finally {
            lock.unlock();
        }
    }

    /** All up to and including that number, lowest first. */
    List<Outbound> takeUpTo(long number) {
        lock.lock();
        try {
            List<Outbound> taken = new ArrayList<>();
            Iterator<Map.Entry<Long, Outbound>> oldest = messages.entrySet().iterator();
            while (oldest.hasNext()) {
                Map.Entry<Long, Outbound> message = oldest.next();
                if (message.getKey() > number) {
                    break;
                }
                taken.add(message.getValue());
                oldest.remove();
            }
            return taken;
        } finally {
            lock.unlock();
        }
    }

    /**
     * The lowest one that is the message which the server returned. The server names no number, and an id may have been sent more
     * than once with different contents, of which one may be stored: so everything must be the same.
     *
     * @param delayed whether it was returned on its way to where messages wait
     */
    @Nullable
    Outbound takeReturned(Envelope returned, boolean delayed) {
        lock.lock();
        try {
            for (Map.Entry<Long, Outbound> message : messages.entrySet()) {
                Outbound sent = message.getValue();
                if (sent.delayMillis() > 0 == delayed && Envelopes.same(sent.envelope(), returned)) {
                    return messages.remove(message.getKey());
                }
            }
            return null;
        } finally {
            lock.unlock();
        }
    }

    List<Outbound> takeAll() {
        return takeUpTo(Long.MAX_VALUE);
    }
}
