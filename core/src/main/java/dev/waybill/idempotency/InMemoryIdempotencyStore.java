package dev.waybill.idempotency;

import dev.waybill.spi.TimeSource;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers what is done in the memory of this process: for tests, and for consumers whose duplicates all come to one process
 * that does not end. What it knows ends with it. Never blocks for long.
 *
 * <p>It holds a bounded number of messages. When it is full it forgets the one that was confirmed first, before its time to live
 * is over, and says so once in the log; if there is none to forget because all are being handled, it refuses further claims.
 */
public final class InMemoryIdempotencyStore implements IdempotencyStore {
    private static final Logger LOG = LoggerFactory.getLogger(InMemoryIdempotencyStore.class);
    private static final Duration LONGEST_TIME_TO_LIVE = Duration.ofDays(366);

    private final int capacity;
    private final long timeToLiveNanos;
    private final TimeSource time;

    // Both guarded by this. What was confirmed stands in the order in which it ends, since all of it lives equally
    // long.
    private final Map<Key, Entry> claims = new LinkedHashMap<>();
    private final Map<Key, Entry> done = new LinkedHashMap<>();
    private long lastToken;
    private boolean toldOfForgetting;

    /**
     * @param capacity how many messages it holds, claimed and confirmed; at least 1. One takes about 250 bytes
     * @param timeToLive how long it remembers a confirmed message; 1 s to 366 days
     */
    public InMemoryIdempotencyStore(int capacity, Duration timeToLive) {
        this(capacity, timeToLive, TimeSource.system());
    }

    /** The same with a clock that a test can move. */
    public InMemoryIdempotencyStore(int capacity, Duration timeToLive, TimeSource time) {
        if (capacity < 1) {
            throw new IllegalArgumentException(
                    "capacity of the idempotency store is " + capacity + " but must be at least 1");
        }
        if (timeToLive.compareTo(Duration.ofSeconds(1)) < 0 || timeToLive.compareTo(LONGEST_TIME_TO_LIVE) > 0) {
            throw new IllegalArgumentException("timeToLive of the idempotency store is " + timeToLive
                    + " but must be PT1S to " + LONGEST_TIME_TO_LIVE);
        }
        this.capacity = capacity;
        this.timeToLiveNanos = timeToLive.toNanos();
        this.time = Objects.requireNonNull(time, "time");
    }

    @Override
    public synchronized Claim claim(String queue, String messageId, String owner, Duration lease) {
        ClaimArguments.checkMessage(queue, messageId);
        ClaimArguments.checkOwner(owner);
        ClaimArguments.checkLease(lease);
        Key key = new Key(queue, messageId);
        long now = time.nanos();
        forgetWhatEnded(now);
        if (done.containsKey(key)) {
            return Claim.done();
        }
        @Nullable Entry held = claims.get(key);
        if (held != null && held.endNanos - now > 0) {
            return Claim.taken((held.endNanos - now + 999_999) / 1_000_000);
        }
        if (held == null) {
            makeRoom(now);
        }
        long token = ++lastToken;
        putLast(key, new Entry(token, now + lease.toNanos()));
        return Claim.granted(queue, messageId, token);
    }

    @Override
    public synchronized boolean renew(Claim claim, Duration lease) {
        ClaimArguments.checkLease(lease);
        Key key = new Key(claim.queue(), claim.messageId());
        if (!holds(claims.get(key), claim.token())) {
            return false;
        }
        putLast(key, new Entry(claim.token(), time.nanos() + lease.toNanos()));
        return true;
    }

    @Override
    public synchronized boolean confirm(Claim claim) {
        Key key = new Key(claim.queue(), claim.messageId());
        if (holds(claims.get(key), claim.token())) {
            claims.remove(key);
            done.put(key, new Entry(claim.token(), time.nanos() + timeToLiveNanos));
            return true;
        }
        return holds(done.get(key), claim.token());
    }

    @Override
    public synchronized void abandon(Claim claim) {
        Key key = new Key(claim.queue(), claim.messageId());
        if (holds(claims.get(key), claim.token())) {
            claims.remove(key);
        }
    }

    /** How many messages it holds, claimed and confirmed. */
    public synchronized int size() {
        return claims.size() + done.size();
    }

    private static boolean holds(@Nullable Entry entry, long token) {
        return entry != null && entry.token == token;
    }

    private void putLast(Key key, Entry entry) {
        claims.remove(key);
        claims.put(key, entry);
    }

    /** A claim outlives its lease by the time to live, for a consumer that confirms late and that nobody has overtaken. */
    private void forgetWhatEnded(long now) {
        Iterator<Entry> confirmed = done.values().iterator();
        while (confirmed.hasNext() && confirmed.next().endNanos - now <= 0) {
            confirmed.remove();
        }
        Iterator<Entry> left = claims.values().iterator();
        while (left.hasNext() && left.next().endNanos + timeToLiveNanos - now <= 0) {
            left.remove();
        }
    }

    private void makeRoom(long now) {
        if (size() < capacity) {
            return;
        }
        Iterator<Entry> confirmed = done.values().iterator();
        if (confirmed.hasNext()) {
            confirmed.next();
            confirmed.remove();
            if (!toldOfForgetting) {
                toldOfForgetting = true;
                LOG.warn(
                        "The idempotency store in memory is full: it forgets messages before their time, so that a duplicate of one is"
                                + " handled again. It holds {}",
                        capacity);
            }
        } else if (!claims.values().removeIf(entry -> entry.endNanos - now <= 0)) {
            throw new IdempotencyStoreException(
                    "the idempotency store in memory is full: all of the " + capacity
                            + " messages that it can hold are being handled",
                    null);
        }
    }

    private record Key(String queue, String messageId) {}

    private record Entry(long token, long endNanos) {}
}
