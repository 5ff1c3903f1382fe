package dev.waybill.benchmarks;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/** Measures one side once, on a queue of its own. */
final class Measurement {
    private static final long EMPTY_WITHIN_NANOS = TimeUnit.SECONDS.toNanos(20);

    private final Site site;
    private final Plan plan;

    Measurement(Site site, Plan plan) {
        this.site = site;
        this.plan = plan;
    }

    Sample take(Workload workload, Contender side) throws Exception {
        String queue = site.newQueue();
        try {
            return switch (workload) {
                case SEND -> send(side, queue);
                case LATENCY -> new LatencyMeasurement(plan.rate(), plan.latencySeconds()).take(side, queue);
                default -> consume(side, queue, workload.concurrency);
            };
        } finally {
            site.plain().delete(queue);
        }
    }

    /** From the first send to the last confirm. */
    private Sample send(Contender side, String queue) throws Exception {
        byte[] body = Body.of(0);
        try (Outlet outlet = side.outlet(queue)) {
            Moment began = Moment.now();
            for (int i = 0; i < plan.messages(); i++) {
                outlet.send(body);
            }
            outlet.awaitConfirmed();
            return Sample.rate(plan.messages(), began, Moment.now());
        }
    }

    /** From the first message to the last: joining a group or subscribing is not part of it. */
    private Sample consume(Contender side, String queue, int concurrency) throws Exception {
        int messages = plan.messages();
        fill(queue, messages);
        Tally handled = new Tally();
        AtomicReference<Moment> first = new AtomicReference<>();
        AtomicReference<Moment> last = new AtomicReference<>();
        Contender.Consuming consumer = side.consume(queue, concurrency, (id, sentAtMillis, body) -> {
            if (id.isEmpty() || sentAtMillis <= 0 || body.length != Body.BYTES) {
                handled.fail(new BenchmarkException("message " + id + " came without what it was sent with", null));
            }
            long number = handled.add(1);
            if (number == 1) {
                first.set(Moment.now());
            } else if (number == messages) {
                last.set(Moment.now());
            }
        });
        try {
            handled.await(messages);
        } finally {
            consumer.close();
        }
        if (handled.count() != messages) {
            throw new BenchmarkException(handled.count() + " messages handled, but " + messages + " sent", null);
        }
        checkEmpty(queue);
        return Sample.rate(messages - 1L, first.get(), last.get());
    }

    private void fill(String queue, int messages) throws Exception {
        byte[] body = Body.of(0);
        try (Outlet outlet = site.waybill().outlet(queue)) {
            for (int i = 0; i < messages; i++) {
                outlet.send(body);
            }
            outlet.awaitConfirmed();
        }
    }

    /** What was not acknowledged is still there. */
    private void checkEmpty(String queue) throws Exception {
        long began = System.nanoTime();
        long left = site.plain().left(queue);
        while (left > 0 && System.nanoTime() - began < EMPTY_WITHIN_NANOS) {
            TimeUnit.MILLISECONDS.sleep(50);
            left = site.plain().left(queue);
        }
        if (left > 0) {
            throw new BenchmarkException(left + " messages of queue '" + queue + "' were not acknowledged", null);
        }
    }
}
