package dev.waybill.internal;

import dev.waybill.Death;
import dev.waybill.Death.Cause;
import dev.waybill.Outcome;
import dev.waybill.RetryPolicy;
import dev.waybill.internal.Handling.Verdict;
import dev.waybill.spi.Destination;
import dev.waybill.spi.Destination.Role;
import dev.waybill.spi.Envelope;
import dev.waybill.spi.Held.Disposition;
import dev.waybill.spi.QueueDefinition;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one place where a verdict becomes what happens to the message. */
final class Settler<T> implements Handling.Verdicts<T> {
    private static final Logger LOG = LoggerFactory.getLogger(Settler.class);
    private static final long DEAD_LETTER_PAUSE_MILLIS = 1000;

    private final Engine engine;
    private final QueueDefinition queue;
    private final boolean ofDeadLetters;
    private final boolean ordered;
    private final Moves<T> moves;
    private final ClaimReader claims;

    Settler(Engine engine, Lanes lanes, Moves<T> moves, ClaimReader claims) {
        Destination destination = lanes.first();
        this.engine = engine;
        this.queue = destination.queue();
        this.ofDeadLetters = destination.role() == Role.DEAD_LETTER;
        this.ordered = lanes.ordered();
        this.moves = moves;
        this.claims = claims;
    }

    @Override
    public void on(HeldMessage<T> message, Verdict verdict) {
        Outcome outcome = verdict.outcome();
        @Nullable Throwable failure = verdict.failure();
        if (failure != null) {
            LOG.debug("{} failed", message, failure);
        }
        if (verdict.laterMillis() > 0) {
            later(message, verdict.laterMillis());
            return;
        }
        switch (outcome.kind()) {
            case ACCEPT -> accept(message);
            case RELEASE -> moves.giveBack(message, Disposition.RELEASE);
            case DEAD_LETTER -> deadLetter(message, verdict.causeOfDeath(), outcome.reason(), failure);
            case RETRY -> failed(message, outcome, failure);
        }
    }

    /** It is done with, and so is its payload. */
    private boolean accept(HeldMessage<T> message) {
        Claim claim = message.claim();
        // What was given back at a deadline comes again: what its handler, interrupted, says of it now is no proof.
        if (claim != null && message.isHeld()) {
            claims.accepted(message, claim);
        }
        return message.decide(Disposition.ACCEPT);
    }

    private void failed(HeldMessage<T> message, Outcome outcome, @Nullable Throwable failure) {
        RetryPolicy.Decision worth =
                failure == null ? RetryPolicy.Decision.RETRY : queue.retry().decide(failure);
        int delivery = message.deliveryCount();
        if (worth == RetryPolicy.Decision.DISCARD) {
            LOG.warn("{} is discarded: {}", message, String.valueOf(failure));
            if (accept(message)) {
                engine.observer().discarded(message.queue());
            }
        } else if (worth == RetryPolicy.Decision.DEAD_LETTER) {
            deadLetter(message, Cause.NOT_RETRYABLE, "not worth another delivery: " + failure, failure);
        } else if (delivery >= queue.maxDeliveries()) {
            String why = failure == null ? "the handler asked for another" : failure.toString();
            deadLetter(
                    message,
                    Cause.MAX_DELIVERIES,
                    "delivery " + delivery + " of " + queue.maxDeliveries() + " failed: " + why,
                    failure);
        } else {
            retry(
                    message,
                    outcome.after()
                            .orElseGet(() -> queue.retry().delay(delivery))
                            .toMillis());
        }
    }

    private void retry(HeldMessage<T> message, long delayMillis) {
        if (ofDeadLetters) {
            stays(message, "its handler failed");
            return;
        }
        if (ordered) {
            engine.observer().retried(message.queue(), delayMillis);
            moves.again(message, delayMillis, true);
            return;
        }
        if (engine.limits().maxDelayMillis() == 0) {
            engine.observer().retried(message.queue(), 0);
            message.decide(Disposition.RETRY);
            return;
        }
        engine.observer().retried(message.queue(), delayMillis);
        if (message.lane().canDelay(message.inbound(), delayMillis)) {
            message.decide(Disposition.RETRY, delayMillis);
            return;
        }
        Envelope copy = CoreHeaders.redelivered(message.inbound().envelope(), message.deliveryCount());
        if (delayMillis > 0 && message.lane().prioritized()) {
            copy = CoreHeaders.since(copy, engine.time().epochMillis() + delayMillis);
        }
        moves.toMain(message, copy, delayMillis);
    }

    /** It goes back for so long without having been handled, as it came but for its time. */
    private void later(HeldMessage<T> message, long millis) {
        if (ofDeadLetters) {
            stays(message, "another consumer has it");
            return;
        }
        if (ordered) {
            moves.again(message, millis, false);
            return;
        }
        if (engine.limits().maxDelayMillis() == 0) {
            message.decide(Disposition.RELEASE);
            return;
        }
        moves.later(message, millis);
    }

    private void deadLetter(HeldMessage<T> message, Cause cause, String reason, @Nullable Throwable failure) {
        if (ofDeadLetters) {
            stays(message, reason);
            return;
        }
        moves.toDeadLetters(message, reason, failure, () -> {
            LOG.warn("{} went to the dead-letter queue: {}", message, reason);
            engine.observer()
                    .deadLettered(new Death(
                            message.queue(),
                            message.id(),
                            message.key(),
                            cause,
                            reason,
                            Optional.ofNullable(failure)
                                    .map(thrown -> thrown.getClass().getName()),
                            message.deliveryCount()));
        });
    }

    private void stays(HeldMessage<T> message, String reason) {
        LOG.warn("{} was not taken ({}); it stays among the dead letters", message, reason);
        moves.releaseLater(message, DEAD_LETTER_PAUSE_MILLIS);
    }
}
