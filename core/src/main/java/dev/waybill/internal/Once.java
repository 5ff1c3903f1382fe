package dev.waybill.internal;

import dev.waybill.Outcome;
import dev.waybill.idempotency.Claim;
import dev.waybill.idempotency.IdempotencyStore;
import dev.waybill.internal.Handling.Verdict;
import dev.waybill.spi.QueueDefinition;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets each message be handled once, by a store that remembers which are done: it is claimed before the handler, confirmed after it,
 * and only then acknowledged. The lease of a claim is renewed while the handler runs; whoever dies leaves it to its end.
 */
final class Once {
    private static final Logger LOG = LoggerFactory.getLogger(Once.class);
    private static final Duration SHORTEST_LEASE = Duration.ofSeconds(10);
    private static final Duration LONGEST_LEASE = Duration.ofHours(12);

    private final Engine engine;
    private final String queue;
    private final IdempotencyStore store;
    private final Turn turn;
    private final String owner;
    private final Duration lease;
    private final Map<HeldMessage<?>, Claim> claims = new ConcurrentHashMap<>();
    private final AtomicBoolean underWay = new AtomicBoolean();
    private final Future<?> renewing;

    Once(Engine engine, QueueDefinition queue, IdempotencyStore store, Turn turn) {
        this.engine = engine;
        this.queue = queue.name();
        this.store = store;
        this.turn = turn;
        owner = cut(engine.clientName().replaceAll("\\p{Cntrl}", "?"));
        // Longer than the lock, so that who gets the message after a crash finds it taken rather than twice at work.
        lease = min(max(queue.lockDuration().multipliedBy(2), SHORTEST_LEASE), LONGEST_LEASE);
        renewing = engine.timer().every(lease.toMillis() / 4, this::renew);
    }

    private static String cut(String text) {
        return text.length() <= IdempotencyStore.LONGEST_NAME ? text : text.substring(0, IdempotencyStore.LONGEST_NAME);
    }

    private static Duration max(Duration one, Duration other) {
        return one.compareTo(other) >= 0 ? one : other;
    }

    private static Duration min(Duration one, Duration other) {
        return one.compareTo(other) <= 0 ? one : other;
    }

    /** Null if the message is ours to handle; else what becomes of it without that. */
    @Nullable
    Verdict claim(HeldMessage<?> message) {
        Backoff backoff = new Backoff();
        while (true) {
            try {
                Claim claim = store.claim(queue, idOf(message), owner, lease);
                switch (claim.state()) {
                    case NEW -> {
                        claims.put(message, claim);
                        return null;
                    }
                    case DONE -> {
                        LOG.debug("{} is done already", message);
                        engine.observer().duplicate(queue);
                        return Verdict.ACCEPTED;
                    }
                    case TAKEN -> {
                        LOG.debug("{} is with another consumer", message);
                        return Verdict.later(claim.retryAfterMillis());
                    }
                }
            } catch (RuntimeException down) {
                long wait = backoff.nextMillis();
                LOG.warn(
                        "{} waits for the idempotency store, trying again in {} ms: {}",
                        message,
                        wait,
                        down.toString());
                // The message stays locked, and this worker takes no other: an outage of the store burns no delivery.
                if (!turn.await(TimeUnit.MILLISECONDS.toNanos(wait)) || message.gone()) {
                    return Verdict.HELD;
                }
            }
        }
    }

    /** What becomes of a message after its handler: it is done for ever if it is accepted, and free at once if not. */
    Verdict handled(HeldMessage<?> message, Verdict verdict) {
        Claim claim = claims.remove(message);
        if (claim == null) {
            throw new IllegalStateException(message + " was handled without a claim");
        }
        // What was given back at a deadline comes again: what its handler, interrupted, says of it now is no proof.
        boolean done = verdict.outcome().kind() == Outcome.Kind.ACCEPT && message.isHeld();
        try {
            if (!done) {
                store.abandon(claim);
            } else if (!store.confirm(claim)) {
                LOG.warn(
                        "{} was handled, but for longer than its lease of {}: another consumer may have handled it too",
                        message,
                        lease);
            }
        } catch (RuntimeException down) {
            LOG.warn(
                    "the idempotency store did not note that {} is {}: {}",
                    message,
                    done ? "done" : "free",
                    down.toString());
        }
        return verdict;
    }

    private void renew() {
        if (!claims.isEmpty() && underWay.compareAndSet(false, true)) {
            engine.blocking().execute(() -> {
                try {
                    claims.forEach(this::renew);
                } finally {
                    underWay.set(false);
                }
            });
        }
    }

    private void renew(HeldMessage<?> message, Claim claim) {
        try {
            if (!store.renew(claim, lease) && claims.containsKey(message)) {
                LOG.warn("another consumer has taken {} from the idempotency store; it may be handled twice", message);
            }
        } catch (RuntimeException down) {
            LOG.warn("the lease of {} was not renewed: {}", message, down.toString());
        }
    }

    /** Other software may give ids that no store takes. */
    private static String idOf(HeldMessage<?> message) {
        String id = message.id();
        if (!id.isEmpty()
                && id.length() <= IdempotencyStore.LONGEST_NAME
                && StandardCharsets.UTF_8.newEncoder().canEncode(id)) {
            return id;
        }
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(id.getBytes(StandardCharsets.UTF_16BE));
            return "sha-256:" + HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every JVM has SHA-256", impossible);
        }
    }

    void close() {
        renewing.cancel(false);
    }
}
