package dev.waybill.internal;

import dev.waybill.Outcome;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the circuit breaker before a call and tells it how the call went. What the breaker does not permit is held, and so is what
 * has failed when the breaker is not closed afterwards: then it is the dependency that fails, not the message. What the breaker
 * ignores, or records as success, is a failure of the message like any other.
 */
final class BreakerStage<I, R> implements Call<I, R> {
    private static final Logger LOG = LoggerFactory.getLogger(BreakerStage.class);

    private final Call<I, R> next;
    private final CircuitBreaker breaker;
    private final Turn turn;

    BreakerStage(Call<I, R> next, CircuitBreaker breaker, Turn turn) {
        this.next = next;
        this.breaker = breaker;
        this.turn = turn;
    }

    @Override
    public R of(I input) throws Exception {
        if (!breaker.tryAcquirePermission()) {
            turn.refused();
            throw HoldException.UNTRIED;
        }
        long started = breaker.getCurrentTimestamp();
        R result;
        try {
            result = next.of(input);
        } catch (Throwable failure) {
            failed(breaker.getCurrentTimestamp() - started, failure);
            throw failure;
        }
        returned(breaker.getCurrentTimestamp() - started, result);
        return result;
    }

    private void failed(long duration, Throwable failure) throws HoldException {
        if (failure instanceof InterruptedException && turn.stopping()) {
            // The end of the subscription has interrupted it, which says nothing of the dependency.
            breaker.releasePermission();
            return;
        }
        boolean recorded;
        try {
            recorded = records(failure);
            breaker.onError(duration, breaker.getTimestampUnit(), failure);
        } catch (RuntimeException broken) {
            unrecorded(broken);
            return;
        }
        if (recorded && !closed()) {
            LOG.debug("a call failed and {} is {}: its messages are held", breaker, breaker.getState(), failure);
            turn.look();
            throw HoldException.TRIED;
        }
    }

    private void returned(long duration, R result) throws HoldException {
        boolean recorded;
        try {
            CircuitBreakerConfig config = breaker.getCircuitBreakerConfig();
            recorded = asksForRetry(result) && config.getRecordResultPredicate().test(result);
            breaker.onResult(duration, breaker.getTimestampUnit(), result);
        } catch (RuntimeException broken) {
            unrecorded(broken);
            return;
        }
        if (recorded && !closed()) {
            turn.look();
            throw HoldException.TRIED;
        }
    }

    /** A predicate of the application has thrown; the message is not to suffer from that, nor the breaker to wait for a result. */
    private void unrecorded(RuntimeException broken) {
        LOG.error("{} could not record a call", breaker, broken);
        breaker.releasePermission();
    }

    /** As the breaker will decide, which does not say. */
    private boolean records(Throwable failure) {
        Throwable cause = failure.getCause();
        boolean wrapped = failure instanceof CompletionException || failure instanceof ExecutionException;
        Throwable met = wrapped && cause != null ? cause : failure;
        CircuitBreakerConfig config = breaker.getCircuitBreakerConfig();
        return !config.getIgnoreExceptionPredicate().test(met)
                && config.getRecordExceptionPredicate().test(met);
    }

    private boolean closed() {
        State state = breaker.getState();
        return state == State.CLOSED
                ? !opening()
                : state != State.OPEN && state != State.FORCED_OPEN && state != State.HALF_OPEN;
    }

    /** Whether its thresholds are met: then another call that has failed at the same time is just about to open it. */
    private boolean opening() {
        CircuitBreaker.Metrics metrics = breaker.getMetrics();
        CircuitBreakerConfig config = breaker.getCircuitBreakerConfig();
        return metrics.getFailureRate() >= config.getFailureRateThreshold()
                || metrics.getSlowCallRate() >= config.getSlowCallRateThreshold();
    }

    /** Whether nothing was done that must not be done again. */
    private static boolean asksForRetry(Object result) {
        if (result instanceof List<?> outcomes) {
            return outcomes.stream().allMatch(BreakerStage::asksForRetry);
        }
        return result instanceof Outcome outcome && outcome.kind() == Outcome.Kind.RETRY;
    }
}
