package dev.waybill.internal;

import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a course informed of its breaker and its bulkhead. While the breaker is open it asks it for a permission, about ten times
 * a second, and gives it back: Resilience4j becomes half-open only when somebody asks, and an open breaker has no traffic.
 */
final class GuardWatch {
    private static final long TICK_MILLIS = 100;

    private final Engine engine;
    private final Course course;
    private final @Nullable CircuitBreaker breaker;
    private final @Nullable Bulkhead bulkhead;
    private final Runnable look;
    private final Runnable vacancy;
    private final @Nullable Future<?> ticking;
    private final AtomicBoolean asking = new AtomicBoolean();

    GuardWatch(Engine engine, Guards guards, Course course) {
        this.engine = engine;
        this.course = course;
        breaker = guards.circuitBreaker();
        bulkhead = guards.bulkhead();
        look = course::look;
        vacancy = course::callEnded;
        if (bulkhead != null) {
            engine.listeners().onFinished(bulkhead, vacancy);
        }
        if (breaker == null) {
            ticking = null;
        } else {
            engine.listeners().onChange(breaker, look);
            ticking = engine.timer().every(TICK_MILLIS, () -> tick(breaker));
        }
    }

    private void tick(CircuitBreaker breaker) {
        if (breaker.getState() == State.OPEN && asking.compareAndSet(false, true)) {
            // Listeners of the application may block, which the timer must not.
            engine.blocking().execute(() -> ask(breaker));
        }
        course.look();
    }

    private void ask(CircuitBreaker breaker) {
        try {
            if (breaker.tryAcquirePermission()) {
                breaker.releasePermission();
                course.look();
            }
        } finally {
            asking.set(false);
        }
    }

    void stop() {
        if (ticking != null) {
            ticking.cancel(false);
        }
        if (breaker != null) {
            engine.listeners().leave(breaker, look);
        }
        if (bulkhead != null) {
            engine.listeners().leave(bulkhead, vacancy);
        }
    }
}
