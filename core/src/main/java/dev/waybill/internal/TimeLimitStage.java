package dev.waybill.internal;

import io.github.resilience4j.timelimiter.TimeLimiter;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Gives a handler so much time; then it is interrupted, and has failed, whatever it does or says later: one that was interrupted
 * and returns may have stopped half-way. Where the limiter's {@code cancelRunningFuture} is false it is not interrupted.
 */
final class TimeLimitStage<I, R> implements Call<I, R> {
    private final Call<I, R> next;
    private final TimeLimiter limiter;
    private final Timer timer;

    TimeLimitStage(Call<I, R> next, TimeLimiter limiter, Timer timer) {
        this.next = next;
        this.limiter = limiter;
        this.timer = timer;
    }

    @Override
    public R of(I input) throws Exception {
        Clock clock =
                new Clock(limiter.getTimeLimiterConfig().shouldCancelRunningFuture() ? Thread.currentThread() : null);
        Future<?> alarm =
                timer.alarm(limiter.getTimeLimiterConfig().getTimeoutDuration().toNanos(), clock::ring);
        R result;
        try {
            result = next.of(input);
        } catch (Throwable failure) {
            if (clock.stopped(alarm)) {
                throw timedOut(failure);
            }
            limiter.onError(failure);
            throw failure;
        }
        if (clock.stopped(alarm)) {
            throw timedOut(null);
        }
        limiter.onSuccess();
        return result;
    }

    private TimeoutException timedOut(@Nullable Throwable consequence) {
        TimeoutException timedOut = TimeLimiter.createdTimeoutExceptionWithName(limiter.getName(), consequence);
        limiter.onError(timedOut);
        return timedOut;
    }

    /** One call's time. It rings while the call runs or not at all: no interrupt of it comes after {@link #stopped}. */
    private static final class Clock {
        private final @Nullable Thread handler;
        private boolean rang;
        private boolean ended;

        Clock(@Nullable Thread handler) {
            this.handler = handler;
        }

        synchronized void ring() {
            if (!ended) {
                rang = true;
                if (handler != null) {
                    handler.interrupt();
                }
            }
        }

        /** The call has ended; whether its time had before. */
        synchronized boolean stopped(Future<?> alarm) {
            ended = true;
            alarm.cancel(false);
            if (rang && handler != null) {
                // If the handler has not taken note of it, nobody else is to.
                Thread.interrupted();
            }
            return rang;
        }
    }
}
