package dev.waybill.benchmarks;

import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Messages that travel whole, sent and handled at the same time. */
final class SmallMessages {
    private static final int BYTES = 1024;
    private static final int CONCURRENCY = 8;
    private static final long PATIENCE_SECONDS = 120;

    private SmallMessages() {}

    static PayloadTrial.Found run(Waybill waybill, Queue<byte[]> queue, int messages) throws InterruptedException {
        CountDownLatch left = new CountDownLatch(messages);
        try (Producer<byte[]> producer = waybill.producer(queue);
                Subscription subscription =
                        waybill.consumer(queue).concurrency(CONCURRENCY).start(delivery -> left.countDown())) {
            long began = System.nanoTime();
            for (int i = 0; i < messages; i++) {
                var unused = producer.send(new byte[BYTES]);
            }
            if (!left.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new BenchmarkException(left.getCount() + " of " + messages + " messages were not handled", null);
            }
            double rate = messages * 1e9 / (System.nanoTime() - began);
            subscription.pause();
            return new PayloadTrial.Found(rate, 0);
        }
    }
}
