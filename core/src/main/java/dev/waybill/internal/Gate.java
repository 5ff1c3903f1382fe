package dev.waybill.internal;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import org.jspecify.annotations.Nullable;

/**
 * How far the circuit breaker of a subscription lets it go, as last seen: on, for trial calls, or not at all. It takes no
 * permission, which only a call does. Changed under the intake's lock.
 */
final class Gate {
    private final @Nullable CircuitBreaker breaker;
    private final int trialMessages;
    private volatile State seen = State.CLOSED;
    private boolean refused;

    /** @param callSize the most messages of one call */
    Gate(@Nullable CircuitBreaker breaker, int callSize) {
        this.breaker = breaker;
        trialMessages = breaker == null
                ? 0
                : breaker.getCircuitBreakerConfig().getPermittedNumberOfCallsInHalfOpenState() * callSize;
        look();
    }

    /** Looks at the breaker; whether that makes a difference to more than one worker. */
    boolean look() {
        if (breaker == null) {
            return false;
        }
        State before = seen;
        seen = breaker.getState();
        refused = false;
        return seen != before;
    }

    /** A call was refused, as a trial or by a breaker that is just opening: until the next look nobody need ask again. */
    void refuse() {
        refused = !shut();
    }

    /** Whether nothing is to be fetched and no handler to start. */
    boolean shut() {
        return seen == State.OPEN || seen == State.FORCED_OPEN;
    }

    /** Whether a worker may start with what is there. */
    boolean passable() {
        return !shut() && !refused;
    }

    /** How many messages may be fetched, of so many that there is room for. */
    int room(int usual, int waiting) {
        return seen == State.HALF_OPEN ? Math.min(usual, trialMessages - waiting) : usual;
    }

    /** Whom the subscription waits for, in words; null if the way is free. */
    @Nullable
    String waitsFor() {
        State now = seen;
        return breaker == null || now != State.HALF_OPEN && !shut()
                ? null
                : "circuit breaker " + breaker.getName() + " is " + now;
    }
}
