package dev.waybill.tck.broken;

import dev.waybill.idempotency.Claim;
import dev.waybill.idempotency.ClaimArguments;
import dev.waybill.idempotency.IdempotencyStore;
import dev.waybill.spi.TimeSource;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A store that works but for one fault, or wholly if it has none. */
public final class BrokenStore implements IdempotencyStore {
    private final @Nullable StoreFault fault;
    private final TimeSource time;
    private final long timeToLiveNanos;
    private final Map<String, Entry> entries = new HashMap<>();
    private long lastToken;

    public BrokenStore(@Nullable StoreFault fault, TimeSource time, Duration timeToLive) {
        this.fault = fault;
        this.time = time;
        this.timeToLiveNanos = timeToLive.toNanos();
    }

    private record Entry(long token, String owner, boolean done, long endNanos) {}

    private boolean is(StoreFault other) {
        return fault == other;
    }

    @Override
    public Claim claim(String queue, String messageId, String owner, Duration lease) {
        if (!is(StoreFault.TAKES_WHAT_IT_CANNOT_HOLD)) {
            ClaimArguments.checkMessage(queue, messageId);
            ClaimArguments.checkOwner(owner);
            ClaimArguments.checkLease(lease);
        }
        String key = key(queue, messageId);
        Entry held;
        long now = time.nanos();
        synchronized (this) {
            held = entries.get(key);
            if (held != null && !free(held, owner, now)) {
                return held.done ? Claim.done() : Claim.taken((held.endNanos - now) / 1_000_000);
            }
            if (!is(held == null ? StoreFault.CLAIMS_TWICE : StoreFault.TAKES_OVER_TWICE)) {
                return note(key, held, new Entry(0, owner, false, now + lease.toNanos()), queue, messageId);
            }
        }
        LockSupport.parkNanos(100_000);
        synchronized (this) {
            return note(key, held, new Entry(0, owner, false, now + lease.toNanos()), queue, messageId);
        }
    }

    private boolean free(Entry held, String owner, long now) {
        boolean over = held.endNanos - now <= 0;
        if (held.done) {
            return is(StoreFault.FORGETS) || over && !is(StoreFault.NEVER_FORGETS);
        }
        return over && !is(StoreFault.IGNORES_THE_LEASE) || is(StoreFault.TRUSTS_THE_OWNER) && held.owner.equals(owner);
    }

    private Claim note(String key, @Nullable Entry before, Entry entry, String queue, String messageId) {
        long perMessage = before == null ? 1 : before.token + 1;
        long token = is(StoreFault.STARTS_TOKENS_AGAIN) ? perMessage : ++lastToken;
        entries.put(key, new Entry(token, entry.owner, false, entry.endNanos));
        return Claim.granted(queue, messageId, token);
    }

    @Override
    public synchronized boolean renew(Claim claim, Duration lease) {
        ClaimArguments.checkLease(lease);
        Entry held = held(claim, StoreFault.RENEWS_FOR_THE_WRONG_OWNER);
        if (held == null || held.done) {
            return false;
        }
        if (!is(StoreFault.RENEWS_NOTHING)) {
            put(claim, new Entry(held.token, held.owner, false, time.nanos() + lease.toNanos()));
        }
        return true;
    }

    @Override
    public synchronized boolean confirm(Claim claim) {
        Entry held = held(claim, StoreFault.CONFIRMS_FOR_THE_WRONG_OWNER);
        long now = time.nanos();
        if (held == null
                || held.done && is(StoreFault.CONFIRMS_ONCE_ONLY)
                || held.endNanos - now <= 0 && is(StoreFault.REFUSES_THE_LATE)) {
            return false;
        }
        long end = is(StoreFault.FORGETS_AFTER_THE_LEASE) ? held.endNanos : now + timeToLiveNanos;
        put(claim, new Entry(held.token, held.owner, true, end));
        return true;
    }

    @Override
    public synchronized void abandon(Claim claim) {
        Entry held = held(claim, StoreFault.FREES_FOR_THE_WRONG_OWNER);
        if (held != null
                && (!held.done || is(StoreFault.ABANDONS_WHAT_IS_DONE))
                && !is(StoreFault.KEEPS_WHAT_WAS_ABANDONED)) {
            entries.remove(key(claim.queue(), claim.messageId()));
        }
    }

    /** What the claim holds; whatever there is, for a store that does not ask who it is. */
    private @Nullable Entry held(Claim claim, StoreFault blindness) {
        long token = claim.token();
        Entry held = entries.get(key(claim.queue(), claim.messageId()));
        return held != null && (held.token == token || is(blindness)) ? held : null;
    }

    private void put(Claim claim, Entry entry) {
        entries.put(key(claim.queue(), claim.messageId()), entry);
    }

    private String key(String queue, String messageId) {
        if (fault == null) {
            return queue.length() + queue + messageId;
        }
        return switch (fault) {
            case FOLDS_CASE -> queue.length() + queue + messageId.toLowerCase(Locale.ROOT);
            case CUTS_BLANKS -> queue.length() + queue + messageId.replaceAll(" +$", "");
            case CUTS_LONG_IDS -> queue.length() + queue + messageId.substring(0, Math.min(127, messageId.length()));
            case MIXES_QUEUES -> messageId;
            case GLUES_QUEUE_AND_ID -> queue + messageId;
            default -> queue.length() + queue + messageId;
        };
    }
}
