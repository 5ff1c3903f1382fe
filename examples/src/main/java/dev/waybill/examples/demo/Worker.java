package dev.waybill.examples.demo;

import dev.waybill.Message;
import dev.waybill.Producer;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import java.time.Duration;

/**
 * One of the competing consumers, with a connection of its own. It sends what it found to the results queue before it
 * acknowledges, so that no acknowledged message is without a result: killed in between, it leaves a message that is delivered
 * again and counted as a flagged duplicate.
 */
final class Worker implements AutoCloseable {
    /** Few, so that the work spreads evenly even over a handful of files. */
    private static final int PREFETCH = 0;

    private final Waybill waybill;
    private final Subscription subscription;

    private Worker(Waybill waybill, Subscription subscription) {
        this.waybill = waybill;
        this.subscription = subscription;
    }

    static Worker start(
            WaybillConfig config,
            DemoQueues queues,
            String name,
            int concurrency,
            Checkpoint checkpoint,
            Gateway gateway) {
        Waybill waybill = Waybill.open(config.with("waybill.client-name", name).observer(gateway));
        try {
            Producer<WorkResult> results = waybill.producer(queues.results());
            WebhookWork work = new WebhookWork(name);
            Subscription subscription = waybill.consumer(queues.webhooks())
                    .concurrency(concurrency)
                    .prefetch(PREFETCH)
                    .circuitBreaker(gateway.breaker())
                    .start(delivery -> {
                        long waited = System.currentTimeMillis() - delivery.sentAtMillis();
                        checkpoint.pass(delivery.id());
                        gateway.call(delivery.id());
                        WorkResult result = work.on(delivery, waited);
                        results.sendAndWait(Message.of(result));
                    });
            return new Worker(waybill, subscription);
        } catch (RuntimeException failed) {
            waybill.close();
            throw failed;
        }
    }

    /** Ends it in the midst of its work: handlers are interrupted, and what they had goes back to the queue. */
    void kill() {
        subscription.close(Duration.ZERO);
        waybill.close();
    }

    @Override
    public void close() {
        waybill.close();
    }
}
