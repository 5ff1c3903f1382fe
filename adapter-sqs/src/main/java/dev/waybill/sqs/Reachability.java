package dev.waybill.sqs;

import dev.waybill.Health;
import dev.waybill.spi.BrokerException;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;

/** Whether SQS answers, as the last request has shown: there is no lasting connection whose state could be known. */
final class Reachability implements ExecutionInterceptor {
    private final String address;
    private volatile @Nullable String trouble;

    Reachability(String address) {
        this.address = address;
    }

    @Override
    public void afterExecution(Context.AfterExecution context, ExecutionAttributes attributes) {
        answered();
    }

    @Override
    public void onExecutionFailure(Context.FailedExecution context, ExecutionAttributes attributes) {
        Throwable failure = context.exception();
        if (failure instanceof RuntimeException known && Faults.of(known).kind() == BrokerException.Kind.UNAVAILABLE) {
            trouble = Faults.describe(failure);
        } else {
            answered();
        }
    }

    private void answered() {
        // Read first: a write by every request would cost all threads the cache line.
        if (trouble != null) {
            trouble = null;
        }
    }

    Health.Component component() {
        String now = trouble;
        return now == null
                ? new Health.Component("connection", address, Health.Status.UP, "the last request was answered")
                : new Health.Component("connection", address, Health.Status.DEGRADED, now);
    }

    @Override
    public String toString() {
        return address;
    }
}
