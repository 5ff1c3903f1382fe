package dev.waybill.benchmarks;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/**
 * Latency from sending to handling, at a fixed rate. Each message has a time at which it is to be sent, and its latency counts from
 * then, however late it was sent: that is the correction for coordinated omission.
 */
final class LatencyMeasurement {
    private static final long HIGHEST_NANOS = TimeUnit.MINUTES.toNanos(2);
    private static final int WARM_UP_SECONDS = 1;
    private static final long DUE_NOW = -1;

    private final long intervalNanos;
    private final int warmUp;
    private final int messages;

    LatencyMeasurement(int rate, int seconds) {
        intervalNanos = TimeUnit.SECONDS.toNanos(1) / rate;
        warmUp = rate * WARM_UP_SECONDS;
        messages = rate * seconds;
    }

    Sample take(Contender side, String queue) throws Exception {
        Histogram histogram = new Histogram(HIGHEST_NANOS, 3);
        Tally handled = new Tally();
        Contender.Consuming consumer = side.consume(queue, 1, (id, sentAtMillis, body) -> {
            long due = Body.value(body);
            if (due != DUE_NOW) {
                histogram.recordValue(Math.max(1, System.nanoTime() - due));
            }
            handled.add(1);
        });
        try (Outlet outlet = side.outlet(queue)) {
            // Subscribed, once this comes.
            outlet.send(Body.of(DUE_NOW));
            handled.await(1);
            send(outlet, warmUp, false);
            handled.await(1L + warmUp);
            send(outlet, messages, true);
            outlet.awaitConfirmed();
            handled.await(1L + warmUp + messages);
        } finally {
            consumer.close();
        }
        return new Sample(millis(histogram, 99), millis(histogram, 50), histogram.getMaxValue() / 1e6, 0);
    }

    private void send(Outlet outlet, int number, boolean recorded) throws Exception {
        long start = System.nanoTime() + intervalNanos;
        for (int i = 0; i < number; i++) {
            long due = start + i * intervalNanos;
            for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
                LockSupport.parkNanos(left);
            }
            outlet.send(Body.of(recorded ? due : DUE_NOW));
        }
    }

    private static double millis(Histogram histogram, double percentile) {
        return histogram.getValueAtPercentile(percentile) / 1e6;
    }
}
