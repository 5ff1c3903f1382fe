package dev.waybill.kafka;

import dev.waybill.spi.BrokerException;
import dev.waybill.spi.BrokerException.Kind;
import dev.waybill.spi.TimeSource;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/** Looks now and then, when nothing comes, whether the topic is still there: a share consumer would wait for it forever. */
final class TopicWatch {
    private static final long INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final AdminCalls calls;
    private final String topic;
    private final Executor executor;
    private final TimeSource time;
    private final AtomicLong lookedAt;

    TopicWatch(AdminCalls calls, String topic, Executor executor, TimeSource time) {
        this.calls = calls;
        this.topic = topic;
        this.executor = executor;
        this.time = time;
        this.lookedAt = new AtomicLong(time.nanos());
    }

    void somethingCame() {
        lookedAt.lazySet(time.nanos());
    }

    void nothingCame(Consumer<BrokerException> gone) {
        long now = time.nanos();
        long last = lookedAt.get();
        if (now - last > INTERVAL_NANOS && lookedAt.compareAndSet(last, now)) {
            executor.execute(() -> look(gone));
        }
    }

    private void look(Consumer<BrokerException> gone) {
        try {
            if (calls.topic(topic).isEmpty()) {
                gone.accept(new BrokerException(Kind.MISSING, "topic '" + topic + "' is gone", null));
            }
        } catch (BrokerException unknown) {
            // Whoever cannot ask does not know: the share consumers reconnect by themselves.
            if (!unknown.kind().transientFault()) {
                gone.accept(unknown);
            }
        }
    }
}
