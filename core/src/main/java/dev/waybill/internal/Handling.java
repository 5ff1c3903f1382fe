package dev.waybill.internal;

import dev.waybill.AsyncHandler;
import dev.waybill.BatchHandler;
import dev.waybill.Codec;
import dev.waybill.Death.Cause;
import dev.waybill.Delivery;
import dev.waybill.MessageHandler;
import dev.waybill.Outcome;
import dev.waybill.OutcomeHandler;
import dev.waybill.claimcheck.PayloadCorruptException;
import dev.waybill.spi.Envelope;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * From a received message to a verdict: decode; then, for what is to be handled, the call, which is the application's handler with
 * what is {@link Around} it, outermost first: rate limiter, bulkhead, circuit breaker, time limiter, MDC, observer. Between the two
 * {@link Once} looks each message up, if the consumer is idempotent.
 */
abstract class Handling<T> {
    private final Codec<T> codec;
    final int maxBatch;
    private final boolean streams;
    private final Claim.Ahead ahead;
    private @Nullable Once once;
    private @Nullable ClaimReader claims;

    private Handling(Codec<T> codec, int maxBatch) {
        this.codec = codec;
        streams = codec == PlainCodecs.PAYLOAD;
        ahead = !streams ? Claim.Ahead.WHOLE : maxBatch == 1 ? Claim.Ahead.OPENED : Claim.Ahead.NOTHING;
        this.maxBatch = maxBatch;
    }

    /** What is to become of a message, and the failure that led to it. */
    record Verdict(Outcome outcome, @Nullable Throwable failure, long laterMillis, Cause causeOfDeath) {
        static final Verdict ACCEPTED = new Verdict(Outcome.accept(), null);

        Verdict(Outcome outcome, @Nullable Throwable failure) {
            this(outcome, failure, 0, Cause.REJECTED);
        }

        /** It came before its time, and is to wait so long; that is no delivery. */
        static Verdict later(long millis) {
            return new Verdict(Outcome.release(), null, Math.max(1, millis), Cause.REJECTED);
        }

        /** It never can be handled. */
        static Verdict unreadable(String reason, @Nullable Throwable failure) {
            return new Verdict(Outcome.deadLetter(reason), failure, 0, Cause.UNREADABLE);
        }

        /** It was delivered as often as it may be, and has come back all the same. */
        static Verdict exhausted(int deliveriesBefore) {
            return new Verdict(
                    Outcome.deadLetter("delivered " + deliveriesBefore + " times, and not settled"),
                    null,
                    0,
                    Cause.MAX_DELIVERIES);
        }

        /** It is to be handled later, as the same delivery, first of all. */
        static final Verdict HELD = new Verdict(Outcome.release(), null);

        /** As {@link #HELD}, but after the others. */
        static final Verdict HELD_LAST = new Verdict(Outcome.release(), null);

        boolean held() {
            return this == HELD || this == HELD_LAST;
        }

        static Verdict of(Outcome outcome) {
            return outcome.kind() == Outcome.Kind.ACCEPT ? ACCEPTED : new Verdict(outcome, null);
        }

        static Verdict failed(Throwable failure) {
            if (failure instanceof HoldException hold) {
                return hold.tried() ? HELD_LAST : HELD;
            }
            return new Verdict(Outcome.retry(), failure);
        }
    }

    /** Takes verdicts. */
    interface Verdicts<T> {
        void on(HeldMessage<T> message, Verdict verdict);
    }

    /** Handles messages and says one verdict for each. Throws nothing. */
    abstract void handle(List<HeldMessage<T>> messages, Verdicts<T> verdicts);

    /** Puts what is around the handler in its place; once, before the first message. */
    abstract void guard(Around around, Turn turn);

    static <T> Handling<T> acknowledging(Codec<T> codec, MessageHandler<T> handler) {
        return new Single<>(codec, delivery -> {
            handler.handle(delivery);
            return Outcome.accept();
        });
    }

    static <T> Handling<T> returning(Codec<T> codec, OutcomeHandler<T> handler) {
        return new Single<>(codec, handler::handle);
    }

    static <T> Handling<T> async(Codec<T> codec, AsyncHandler<T> handler) {
        return new Single<>(codec, delivery -> {
            try {
                return handler.handle(delivery).toCompletableFuture().get();
            } catch (ExecutionException failed) {
                throw failed.getCause() instanceof Exception cause ? cause : failed;
            }
        });
    }

    static <T> Handling<T> batched(Codec<T> codec, int maxBatch, BatchHandler<T> handler) {
        return new Batched<>(codec, maxBatch, handler);
    }

    /** Hands every message over as it is, and leaves the rest to whom the verdict is told. */
    static Handling<byte[]> passing() {
        return new Passing();
    }

    private static final class Passing extends Handling<byte[]> {
        Passing() {
            super(Codec.bytes(), 1);
        }

        @Override
        void guard(Around around, Turn turn) {
            if (around.guards() != Guards.NONE) {
                throw new IllegalArgumentException("there is no handler to guard");
            }
        }

        @Override
        void handle(List<HeldMessage<byte[]>> messages, Verdicts<byte[]> verdicts) {
            messages.forEach(message -> verdicts.on(message, Verdict.ACCEPTED));
        }
    }

    /** Has each message handled once; before the first message. */
    final void once(Once once) {
        this.once = once;
    }

    /** Has payloads fetched by this; before the first message. */
    final void claims(ClaimReader claims) {
        this.claims = claims;
    }

    /** Null if it is to be handled; else the verdict on it without that. */
    final @Nullable Verdict before(HeldMessage<T> message) {
        Verdict verdict = decode(message);
        if (verdict == null && once != null) {
            verdict = once.claim(message);
        }
        Claim claim = message.claim();
        if (verdict == null && claim != null && claims != null) {
            verdict = fetch(message, claim, claims);
            verdict = verdict == null ? null : after(message, verdict);
        }
        if (!message.exhausted()) {
            return verdict;
        }
        // What is done already is no dead letter.
        Verdict end = Verdict.exhausted(message.deliveryCount() - 1);
        return verdict == null ? after(message, end) : verdict.laterMillis() > 0 ? end : verdict;
    }

    /** The verdict after the handler. */
    final Verdict after(HeldMessage<T> message, Verdict verdict) {
        return once == null ? verdict : once.handled(message, verdict);
    }

    /** Null if it is decoded; else the verdict on a message that never can be, or not yet. */
    private @Nullable Verdict decode(HeldMessage<T> message) {
        if (!message.dead()) {
            String defect = message.defect();
            if (defect != null) {
                return Verdict.unreadable("malformed envelope: " + defect, null);
            }
            long notDue = message.notDueMillis();
            if (notDue > 0) {
                return Verdict.later(notDue);
            }
        }
        Envelope envelope = message.inbound().envelope();
        return claims != null && !message.dead() && Reference.isIn(envelope.contentType())
                ? claims.follow(message)
                : decode(message, envelope.body());
    }

    @SuppressWarnings("unchecked") // who streams has payloads
    private @Nullable Verdict fetch(HeldMessage<T> message, Claim claim, ClaimReader claims) {
        Verdict verdict = claims.fetch(message, claim, ahead);
        if (verdict != null || message.exhausted()) {
            return verdict;
        }
        if (streams) {
            message.decoded((T) claim);
            return null;
        }
        return decode(message, claim.takeFetched());
    }

    private @Nullable Verdict decode(HeldMessage<T> message, byte[] body) {
        try {
            message.decoded(codec.decode(body));
            return null;
        } catch (Throwable undecodable) {
            String reason = "undecodable as " + codec.contentType() + ": " + undecodable.getMessage();
            return Verdict.unreadable(reason, undecodable);
        }
    }

    private static final class Single<T> extends Handling<T> {
        private Call<Delivery<T>, Outcome> call;

        Single(Codec<T> codec, Call<Delivery<T>, Outcome> handler) {
            super(codec, 1);
            call = handler;
        }

        @Override
        void guard(Around around, Turn turn) {
            call = around.one(call, turn);
        }

        @Override
        void handle(List<HeldMessage<T>> messages, Verdicts<T> verdicts) {
            HeldMessage<T> message = messages.get(0);
            Verdict early = before(message);
            verdicts.on(message, early == null ? after(message, verdict(message)) : early);
        }

        private Verdict verdict(HeldMessage<T> message) {
            try {
                return said(message, call.of(message));
            } catch (Throwable failure) {
                return failed(message, failure);
            } finally {
                takeNoInterruptAlong();
                end(message);
            }
        }
    }

    private static final class Batched<T> extends Handling<T> {
        private Call<List<Delivery<T>>, List<Outcome>> call;

        Batched(Codec<T> codec, int maxBatch, BatchHandler<T> handler) {
            super(codec, maxBatch);
            call = handler::handle;
        }

        @Override
        void guard(Around around, Turn turn) {
            call = around.batch(call, turn);
        }

        @Override
        void handle(List<HeldMessage<T>> messages, Verdicts<T> verdicts) {
            List<HeldMessage<T>> good = new ArrayList<>(messages.size());
            for (HeldMessage<T> message : messages) {
                Verdict early = before(message);
                if (early == null) {
                    good.add(message);
                } else {
                    verdicts.on(message, early);
                }
            }
            if (good.isEmpty()) {
                return;
            }
            List<Outcome> outcomes = List.of();
            Throwable failure = null;
            try {
                outcomes = call.of(List.<Delivery<T>>copyOf(good));
                if (outcomes == null || outcomes.size() != good.size()) {
                    failure = new IllegalStateException("the batch handler returned "
                            + (outcomes == null ? "null" : outcomes.size() + " outcomes") + " for " + good.size()
                            + " deliveries");
                }
            } catch (Throwable thrown) {
                failure = thrown;
            } finally {
                takeNoInterruptAlong();
                good.forEach(Handling::end);
            }
            boolean held = failure != null && good.stream().anyMatch(Handling::troubled);
            for (int i = 0; i < good.size(); i++) {
                HeldMessage<T> message = good.get(i);
                Verdict verdict = failure == null
                        ? said(message, outcomes.get(i))
                        : held ? Verdict.HELD_LAST : Verdict.failed(failure);
                verdicts.on(message, after(message, verdict));
            }
        }
    }

    /** A handler has returned; what it says of a payload whose store failed counts for nothing, unless it accepts. */
    private static Verdict said(HeldMessage<?> message, @Nullable Outcome outcome) {
        if (outcome == null) {
            return failed(message, noOutcome());
        }
        return outcome.kind() != Outcome.Kind.ACCEPT && troubled(message) ? Verdict.HELD_LAST : Verdict.of(outcome);
    }

    /** A handler failed; which may be what its payload's store did, or what is wrong with the payload. */
    private static Verdict failed(HeldMessage<?> message, Throwable failure) {
        if (troubled(message)) {
            // After the others, since it may be this payload alone that the store does not give.
            return Verdict.HELD_LAST;
        }
        PayloadCorruptException corrupt = message.claim() == null ? null : Claim.corrupt(failure);
        return corrupt == null
                ? Verdict.failed(failure)
                : Verdict.unreadable(String.valueOf(corrupt.getMessage()), failure);
    }

    private static boolean troubled(HeldMessage<?> message) {
        Claim claim = message.claim();
        return claim != null && claim.troubled();
    }

    private static void end(HeldMessage<?> message) {
        Claim claim = message.claim();
        if (claim != null) {
            claim.end();
        }
    }

    /** An interrupt that a handler leaves behind was meant for it, not for a client of the broker or the next message. */
    private static void takeNoInterruptAlong() {
        boolean unused = Thread.interrupted();
    }

    private static IllegalStateException noOutcome() {
        return new IllegalStateException("the handler returned null instead of an Outcome");
    }
}
