package dev.waybill.internal;

import io.github.resilience4j.ratelimiter.RateLimiter;
import java.time.Duration;

/**
 * Lets so many calls through in a period. Who comes too early reserves his turn and waits for it, with its messages in hand;
 * where the limiter gives no turn so far ahead (its {@code timeoutDuration}), he asks again in the next period.
 */
final class RateLimitStage<I, R> implements Call<I, R> {
    private static final long LEAST_WAIT = Duration.ofMillis(10).toNanos();
    private static final long LONGEST_WAIT = Duration.ofSeconds(1).toNanos();

    private final Call<I, R> next;
    private final RateLimiter limiter;
    private final Turn turn;

    RateLimitStage(Call<I, R> next, RateLimiter limiter, Turn turn) {
        this.next = next;
        this.limiter = limiter;
        this.turn = turn;
    }

    @Override
    public R of(I input) throws Exception {
        awaitTurn();
        R result;
        try {
            result = next.of(input);
        } catch (HoldException held) {
            throw held;
        } catch (Throwable failed) {
            Listeners.tell(() -> limiter.onError(failed));
            throw failed;
        }
        Listeners.tell(() -> limiter.onResult(result));
        return result;
    }

    private void awaitTurn() throws HoldException {
        for (long wait = limiter.reservePermission(); wait != 0; wait = limiter.reservePermission()) {
            if (!turn.await(wait > 0 ? wait : nextPeriod())) {
                throw HoldException.UNTRIED;
            }
            if (wait > 0) {
                return;
            }
        }
    }

    private long nextPeriod() {
        long period = limiter.getRateLimiterConfig().getLimitRefreshPeriod().toNanos();
        return Math.max(LEAST_WAIT, Math.min(LONGEST_WAIT, period));
    }
}
