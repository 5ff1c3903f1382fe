package dev.waybill.internal;

import io.github.resilience4j.bulkhead.Bulkhead;
import java.time.Duration;

/** Lets so many calls run at once, over all that share the bulkhead. The others wait until one ends, or a moment. */
final class BulkheadStage<I, R> implements Call<I, R> {
    /** Against calls of others that end without an event. */
    private static final long LONGEST_WAIT = Duration.ofMillis(100).toNanos();

    private final Call<I, R> next;
    private final Bulkhead bulkhead;
    private final Turn turn;

    BulkheadStage(Call<I, R> next, Bulkhead bulkhead, Turn turn) {
        this.next = next;
        this.bulkhead = bulkhead;
        this.turn = turn;
    }

    @Override
    public R of(I input) throws Exception {
        for (long ended = turn.ended(); !bulkhead.tryAcquirePermission(); ended = turn.ended()) {
            if (!turn.awaitEnd(ended, LONGEST_WAIT)) {
                throw HoldException.UNTRIED;
            }
        }
        boolean called = false;
        try {
            // The bulkhead itself may have waited.
            if (!turn.await(0)) {
                throw HoldException.UNTRIED;
            }
            R result = next.of(input);
            called = true;
            return result;
        } catch (HoldException held) {
            throw held;
        } catch (Throwable failed) {
            called = true;
            throw failed;
        } finally {
            if (called) {
                Listeners.tell(bulkhead::onComplete);
            } else {
                bulkhead.releasePermission();
            }
        }
    }
}
