package dev.waybill.internal;

import dev.waybill.AsyncHandler;
import dev.waybill.BatchHandler;
import dev.waybill.Codec;
import dev.waybill.Consumer;
import dev.waybill.MessageHandler;
import dev.waybill.OutcomeHandler;
import dev.waybill.Subscription;
import dev.waybill.spi.Destination;
import java.time.Duration;

/** Collects how to consume, and starts it. */
final class ConsumerImpl<T> implements Consumer<T> {
    private static final int MOST = 10_000;

    private final WaybillRuntime runtime;
    private final Destination destination;
    private final Codec<T> codec;
    private int concurrency;
    private int prefetch;
    private Duration drainTimeout;

    ConsumerImpl(WaybillRuntime runtime, Destination destination, Codec<T> codec, Settings settings) {
        this.runtime = runtime;
        this.destination = destination;
        this.codec = codec;
        concurrency = settings.concurrency;
        prefetch = settings.prefetch;
        drainTimeout = settings.drainTimeout;
    }

    static void checkConcurrency(int concurrency) {
        check("concurrency", concurrency, 1);
    }

    private static void check(String what, int value, int least) {
        if (value < least || value > MOST) {
            throw new IllegalArgumentException(what + " is " + value + " but must be " + least + " to " + MOST);
        }
    }

    @Override
    public Consumer<T> concurrency(int concurrency) {
        checkConcurrency(concurrency);
        this.concurrency = concurrency;
        return this;
    }

    @Override
    public Consumer<T> prefetch(int prefetch) {
        check("prefetch", prefetch, 0);
        this.prefetch = prefetch;
        return this;
    }

    @Override
    public Consumer<T> drainTimeout(Duration timeout) {
        if (timeout.isNegative()) {
            throw new IllegalArgumentException("drainTimeout is " + timeout + " but must not be negative");
        }
        drainTimeout = timeout;
        return this;
    }

    @Override
    public Subscription start(MessageHandler<T> handler) {
        return start(Handling.acknowledging(codec, handler));
    }

    @Override
    public Subscription startReturning(OutcomeHandler<T> handler) {
        return start(Handling.returning(codec, handler));
    }

    @Override
    public Subscription startAsync(AsyncHandler<T> handler) {
        return start(Handling.async(codec, handler));
    }

    @Override
    public Subscription startBatch(int maxBatch, BatchHandler<T> handler) {
        check("maxBatch", maxBatch, 1);
        return start(Handling.batched(codec, maxBatch, handler));
    }

    private Subscription start(Handling<T> handling) {
        return runtime.start(destination, handling, concurrency, prefetch, drainTimeout);
    }
}
