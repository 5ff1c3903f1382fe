package dev.waybill.internal;

import dev.waybill.claimcheck.ClaimCheck;
import dev.waybill.claimcheck.ClaimCheck.Deletion;
import dev.waybill.claimcheck.PayloadCorruptException;
import dev.waybill.claimcheck.PayloadMissingException;
import dev.waybill.claimcheck.PayloadStore;
import dev.waybill.claimcheck.PayloadStoreException;
import dev.waybill.internal.Handling.Verdict;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The side of a claim check that receives: follows references, while the store is down waits for it, and notes in the store which messages
 * are done.
 */
final class ClaimReader {
    private static final Logger LOG = LoggerFactory.getLogger(ClaimReader.class);

    /** How often a breaker that is open is asked. */
    private static final long TICK_MILLIS = 100;

    private final Engine engine;
    private final @Nullable ClaimCheck check;
    private final Function<PayloadStore, CircuitBreaker> breakers;
    private final Turn turn;
    private volatile @Nullable String trouble;
    private final AtomicInteger waiting = new AtomicInteger();

    /** @param check null if the queue has none */
    ClaimReader(Engine engine, @Nullable ClaimCheck check, Function<PayloadStore, CircuitBreaker> breakers, Turn turn) {
        this.engine = engine;
        this.check = check;
        this.breakers = breakers;
        this.turn = turn;
    }

    /** What the subscription waits for, in words, or null. */
    @Nullable
    String trouble() {
        return waiting.get() > 0 ? trouble : null;
    }

    /** Null if the payload of the message can be fetched; else the verdict on it. */
    @Nullable
    Verdict follow(HeldMessage<?> message) {
        if (check == null) {
            return Verdict.unreadable(
                    "its payload is in a store, but this queue is declared without a claim check: Queue.named(...).claimCheck(...)",
                    null);
        }
        try {
            Reference reference = Reference.decode(message.inbound().envelope().body(), message.id(), check);
            PayloadStore store = check.store(reference.store()).orElseGet(() -> valetStore(reference));
            Claim claim = new Claim(
                    reference,
                    store,
                    reference.cipher() == null
                            ? null
                            : check.cipher(reference.cipher()).orElseThrow(),
                    failure -> failed(breakers.apply(store), 0, failure));
            Claim last = message.claim();
            if (last != null) {
                claim.after(last);
            }
            message.claim(claim);
            return null;
        } catch (Reference.Refused refused) {
            return Verdict.unreadable(
                    "its payload was not fetched, since the reference is refused: " + refused.getMessage(), null);
        }
    }

    /** Where the payload of a reference is that is of no store that is declared, but has a valet key, which is trusted. */
    private PayloadStore valetStore(Reference reference) {
        return new ValetStore(Objects.requireNonNull(reference.valetKey()), reference, engine.time());
    }

    /**
     * Null if the payload is there; else what becomes of the message. Of one that was delivered as often as it may be, only whether it is
     * done is looked up.
     */
    @Nullable
    Verdict fetch(HeldMessage<?> message, Claim claim, Claim.Ahead ahead) {
        if (message.exhausted() && !notes()) {
            return null;
        }
        CircuitBreaker breaker = breakers.apply(claim.store());
        Backoff backoff = claim.backoff();
        if (claim.isAfterTrouble() && (!await(breaker, backoff.nextMillis()) || message.gone())) {
            return Verdict.HELD;
        }
        while (true) {
            long wait = TICK_MILLIS;
            if (breaker.tryAcquirePermission()) {
                long began = System.nanoTime();
                claim.untroubled();
                try {
                    Verdict verdict = look(message, claim, ahead);
                    breaker.onSuccess(System.nanoTime() - began, TimeUnit.NANOSECONDS);
                    return verdict;
                } catch (IOException | PayloadStoreException down) {
                    if (!claim.troubled()) {
                        failed(breaker, System.nanoTime() - began, down);
                    }
                    wait = backoff.nextMillis();
                    LOG.warn("{} waits for its payload, trying again in {} ms: {}", message, wait, down.toString());
                } catch (Throwable unexpected) {
                    // Of the store's own kind, or more than fits into memory: a failure of the message like any other.
                    breaker.releasePermission();
                    return Verdict.failed(unexpected);
                }
            }
            if (!await(breaker, wait) || message.gone()) {
                return Verdict.HELD;
            }
        }
    }

    /**
     * The message stays locked, and this worker takes no other: an outage of the store burns no delivery. Who waits while the breaker is
     * not closed goes on as soon as the trials of others have closed it.
     */
    private boolean await(CircuitBreaker breaker, long millis) {
        boolean closed = breaker.getState() == CircuitBreaker.State.CLOSED;
        waiting.incrementAndGet();
        try {
            boolean on = true;
            for (long left = millis; on && left > 0; left -= TICK_MILLIS) {
                on = turn.await(TimeUnit.MILLISECONDS.toNanos(Math.min(left, TICK_MILLIS)));
                if (!closed && breaker.getState() == CircuitBreaker.State.CLOSED) {
                    left = 0;
                }
            }
            return on;
        } finally {
            waiting.decrementAndGet();
        }
    }

    private @Nullable Verdict look(HeldMessage<?> message, Claim claim, Claim.Ahead ahead) throws IOException {
        if (notes() && message.redelivered() && isDone(claim)) {
            return done(message, claim);
        }
        if (message.exhausted()) {
            return null;
        }
        try {
            claim.fetch(ahead);
            return null;
        } catch (PayloadMissingException gone) {
            return notes() && isDone(claim)
                    ? done(message, claim)
                    : Verdict.unreadable(String.valueOf(gone.getMessage()), gone);
        } catch (PayloadCorruptException corrupt) {
            return Verdict.unreadable(String.valueOf(corrupt.getMessage()), corrupt);
        }
    }

    private Verdict done(HeldMessage<?> message, Claim claim) {
        LOG.debug("{} is done already, as its store says", message);
        engine.observer().duplicate(message.queue());
        claim.markNoted();
        return Verdict.ACCEPTED;
    }

    private void failed(CircuitBreaker breaker, long nanos, Exception failure) {
        if (Thread.currentThread().isInterrupted()) {
            // It says nothing of the store.
            breaker.releasePermission();
            return;
        }
        trouble = "payload store: " + failure;
        breaker.onError(nanos, TimeUnit.NANOSECONDS, failure);
    }

    private boolean notes() {
        return check != null && check.deletion() != Deletion.never();
    }

    private static boolean isDone(Claim claim) {
        return claim.store().exists(SpentPayloads.note(claim.key()));
    }

    /** The message is done, and about to be acknowledged: notes that, and has its payload deleted afterwards. */
    void accepted(HeldMessage<?> message, Claim claim) {
        if (!notes()) {
            return;
        }
        if (!claim.noted()) {
            note(message, claim);
        }
        if (check != null && check.deletion() == Deletion.afterAcknowledgement()) {
            claim.atEnd(() -> engine.spent().delete(claim.store(), claim.key(), true));
        }
    }

    private void note(HeldMessage<?> message, Claim claim) {
        CircuitBreaker breaker = breakers.apply(claim.store());
        String why;
        if (breaker.tryAcquirePermission()) {
            long began = System.nanoTime();
            try {
                claim.store().write(SpentPayloads.note(claim.key()), out -> {});
                breaker.onSuccess(System.nanoTime() - began, TimeUnit.NANOSECONDS);
                claim.markNoted();
                return;
            } catch (IOException | RuntimeException failed) {
                failed(breaker, System.nanoTime() - began, failed);
                why = failed.toString();
            } catch (Error failed) {
                breaker.releasePermission();
                throw failed;
            }
        } else {
            why = "circuit breaker " + breaker.getName() + " is " + breaker.getState();
        }
        LOG.warn(
                "payload store does not note that {} is done, so that its payload {} may stay if this process dies: {}",
                message,
                claim.place(),
                why);
    }
}
