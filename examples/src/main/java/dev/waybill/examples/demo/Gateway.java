package dev.waybill.examples.demo;

import dev.waybill.WaybillObserver;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import java.time.Duration;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What the work on a webhook depends on, behind the circuit breaker that its consumers share. It goes down, comes back with a fault by
 * which it refuses some messages, and is mended. Thread-safe.
 */
final class Gateway implements WaybillObserver {
    /** How many messages the fault concerns, if so many come. */
    private static final int FAULTY = 3;

    /** Opens at the first call that fails, and lets one through every so often to see. */
    private static final CircuitBreakerConfig BREAKER = CircuitBreakerConfig.custom()
            .slidingWindowSize(2)
            .minimumNumberOfCalls(1)
            .failureRateThreshold(50)
            .waitDurationInOpenState(Duration.ofMillis(250))
            .permittedNumberOfCallsInHalfOpenState(1)
            .ignoreException(Refusal.class::isInstance)
            .build();

    private final CircuitBreaker breaker = CircuitBreaker.of("gateway", BREAKER);
    private final AtomicInteger opened = new AtomicInteger();
    private final AtomicInteger counted = new AtomicInteger();
    private final Set<String> refused = new HashSet<>();
    private State state = State.SOUND;
    private Duration outage = Duration.ZERO;
    private long backAtNanos;
    private int failedCalls;

    private enum State {
        SOUND,
        DOWN,
        FAULTY
    }

    /** It cannot be reached; that passes. */
    static final class Down extends Exception {
        private static final long serialVersionUID = 1L;

        Down() {
            super("503 the gateway is down");
        }
    }

    /** It does not take this message, however often that is sent. */
    static final class Refusal extends Exception {
        private static final long serialVersionUID = 1L;

        Refusal() {
            super("422 the gateway does not know this account");
        }
    }

    Gateway() {
        breaker.getEventPublisher().onStateTransition(event -> {
            if (event.getStateTransition().getToState() == CircuitBreaker.State.OPEN) {
                opened.incrementAndGet();
            }
        });
    }

    CircuitBreaker breaker() {
        return breaker;
    }

    /** Does its part of the work on one message. */
    synchronized void call(String messageId) throws Down, Refusal {
        if (state == State.DOWN) {
            if (System.nanoTime() - backAtNanos < 0) {
                failedCalls++;
                throw new Down();
            }
            // The first call after the outage goes well.
            state = State.FAULTY;
        } else if (state == State.FAULTY && concerns(messageId)) {
            throw new Refusal();
        }
    }

    private boolean concerns(String messageId) {
        return refused.contains(messageId) || refused.size() < FAULTY && refused.add(messageId);
    }

    /** Goes down for so long. */
    synchronized void goDown(Duration outage) {
        this.outage = outage;
        backAtNanos = System.nanoTime() + outage.toNanos();
        state = State.DOWN;
    }

    /** From now on all goes well. */
    synchronized void mend() {
        state = State.SOUND;
    }

    /** How many messages it has refused. */
    synchronized int refused() {
        return refused.size();
    }

    /** A delivery has failed and was counted as one of those that a message may have. */
    @Override
    public void retried(String queue, long delayMillis) {
        counted.incrementAndGet();
    }

    /** What became of the outage, in words. */
    synchronized String story() {
        return String.format(
                Locale.ROOT,
                "the gateway was down for %.1f s: %d calls failed, the circuit breaker opened %d times, deliveries counted for it: %d",
                outage.toMillis() / 1000.0,
                failedCalls,
                opened.get(),
                counted.get());
    }
}
