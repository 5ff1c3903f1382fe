package dev.waybill.internal;

import java.security.SecureRandom;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;

/**
 * New message ids: UUIDs of version 7 (RFC 9562), so that ids sort by time. The random part is drawn once per process and then
 * counted up, which keeps ids unique at the cost of one addition instead of a secure random number per message.
 */
public final class MessageIds {
    private static final long VARIANT = 0x8000000000000000L;
    private static final int NODE = new SecureRandom().nextInt() & 0xfff;
    private static final AtomicLong COUNTER = new AtomicLong(new SecureRandom().nextLong());

    private MessageIds() {}

    public static String next() {
        long high = System.currentTimeMillis() << 16 | 0x7000 | NODE;
        long low = COUNTER.getAndIncrement() & 0x3fffffffffffffffL | VARIANT;
        return new UUID(high, low).toString();
    }
}
