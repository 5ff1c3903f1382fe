package dev.waybill.internal;

import java.security.SecureRandom;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;

/**
 * New message ids: UUIDs of version 7 (RFC 9562), so that ids sort by time. The random part is drawn and then counted up, which keeps ids
 * unique at the cost of one addition instead of a secure random number per message. It is drawn anew after a pause: a process that was
 * restored from a snapshot, as others may have been from the same, would count on where they do.
 */
public final class MessageIds {
    private static final long VARIANT = 0x8000000000000000L;
    private static final long PAUSE_MILLIS = 1000;

    private static final MessageIds OURS = new MessageIds();

    private final SecureRandom random = new SecureRandom();
    private final AtomicLong counter = new AtomicLong();
    private volatile long last;

    /** Apart from all others, as in another process. */
    MessageIds() {}

    public static String next() {
        return OURS.next(System.currentTimeMillis());
    }

    String next(long now) {
        if (now != last) {
            if (Math.abs(now - last) > PAUSE_MILLIS) {
                counter.set(random.nextLong());
            }
            last = now;
        }
        long count = counter.getAndIncrement();
        long high = now << 16 | 0x7000 | count >>> 52;
        return new UUID(high, count & 0x3fffffffffffffffL | VARIANT).toString();
    }
}
