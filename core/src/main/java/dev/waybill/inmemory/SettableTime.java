package dev.waybill.inmemory;

import dev.waybill.spi.TimeSource;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A clock that stands still until a test moves it. Whoever waits on it for a lock to end is woken by that. Thread-safe.
 *
 * <p>It starts at 2026-01-01T00:00Z, and its nanoseconds below zero: only differences mean something.
 */
public final class SettableTime implements TimeSource {
    private static final long START_NANOS = -Duration.ofSeconds(10).toNanos();
    private static final long START_MILLIS =
            Instant.parse("2026-01-01T00:00:00Z").toEpochMilli();

    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private volatile long elapsedNanos;

    @Override
    public long nanos() {
        return START_NANOS + elapsedNanos;
    }

    @Override
    public long epochMillis() {
        return START_MILLIS + elapsedNanos / 1_000_000;
    }

    /**
     * Moves the clock and then tells the listeners, on this thread.
     *
     * @throws IllegalArgumentException if it would go backwards
     */
    public void advance(Duration step) {
        if (step.isNegative()) {
            throw new IllegalArgumentException("the clock cannot be advanced by " + step);
        }
        synchronized (this) {
            elapsedNanos += step.toNanos();
        }
        listeners.forEach(Runnable::run);
    }

    /** Runs the listener after each advance, until {@link #forget}. It must not block. */
    public void onAdvance(Runnable listener) {
        listeners.add(listener);
    }

    /** Runs the listener no more. */
    public void forget(Runnable listener) {
        listeners.remove(listener);
    }
}
