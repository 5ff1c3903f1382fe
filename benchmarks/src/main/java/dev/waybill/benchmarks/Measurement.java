package dev.waybill.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Measures one side once, on a queue of its own. */
final class Measurement {
    private static final long EMPTY_WITHIN_NANOS = TimeUnit.SECONDS.toNanos(20);

    private final Site site;
    private final Plan plan;
    private final WaybillContender queues;
    private final Contender side;

    /**
     * @param queues declares and fills them
     * @param side what is measured
     */
    Measurement(Site site, Plan plan, WaybillContender queues, Contender side) {
        this.site = site;
        this.plan = plan;
        this.queues = queues;
        this.side = side;
    }

    Sample take(Workload workload) throws Exception {
        String queue = site.newQueue(queues);
        try {
            return switch (workload) {
                case SEND -> send(queue);
                case LATENCY -> new LatencyMeasurement(plan.rate(), plan.latencySeconds()).take(side, queue);
                case DEAD_LETTERS -> deadLetters(queue);
                case REDRIVE -> redrive(queue);
                case CONSUME_1, CONSUME_8, CONSUME_64, RETRY, PRIORITY, PRIORITY_STRICT, PRIORITY_AGING ->
                    consume(queue, workload);
            };
        } catch (BenchmarkException spoilt) {
            String who = side == site.plain() ? "plain: " : "waybill: ";
            throw new BenchmarkException(who + spoilt.getMessage(), spoilt);
        } finally {
            site.plain().delete(places(queue));
        }
    }

    /** What the messages of a queue are in. */
    private List<String> places(String queue) {
        List<String> places = new ArrayList<>();
        places.add(queue);
        for (int level = 1; level < queues.lanes(); level++) {
            places.add(site.plain().lane(queue, level));
        }
        return places;
    }

    /** From the first send to the last confirm. */
    private Sample send(String queue) throws Exception {
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

    /** From the first message that is handled to the last. */
    private Sample consume(String queue, Workload workload) throws Exception {
        fill(queue, plan.messages());
        Span handled = new Span(plan.messages());
        Contender.Handler handler = (id, sentAtMillis, body) -> {
            if (id.isEmpty() || sentAtMillis <= 0 || body.length != Body.BYTES) {
                handled.fail(new BenchmarkException("message " + id + " came without what it was sent with", null));
            }
            handled.done();
        };
        Contender.Consuming consumer = workload == Workload.RETRY
                ? side.retry(queue, workload.concurrency, handler)
                : side.consume(queue, workload.concurrency, handler);
        return finish(handled, consumer, places(queue));
    }

    /** From the first that is in the dead-letter queue to the last. */
    private Sample deadLetters(String queue) throws Exception {
        fill(queue, plan.messages());
        return bury(side, queue);
    }

    /** From the first that is back in its queue to the last. */
    private Sample redrive(String queue) throws Exception {
        fill(queue, plan.messages());
        // Both sides move what Waybill has put there.
        Sample unused = bury(queues, queue);
        Span moved = new Span(plan.messages());
        return finish(moved, side.redrive(queue, moved), List.of(site.plain().deadLetterQueue(queue)));
    }

    private Sample bury(Contender side, String queue) throws Exception {
        Span moved = new Span(plan.messages());
        return finish(moved, side.deadLetters(queue, Workload.DEAD_LETTERS.concurrency, moved), List.of(queue));
    }

    private Sample finish(Span span, Contender.Consuming consumer, List<String> from) throws Exception {
        try {
            span.await();
        } finally {
            consumer.close();
        }
        Sample rate = span.rate();
        for (String queue : from) {
            checkEmpty(queue);
        }
        return rate;
    }

    private void fill(String queue, int messages) throws Exception {
        byte[] body = Body.of(0);
        try (Outlet outlet = queues.outlet(queue)) {
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
