package dev.waybill.benchmarks;

import dev.waybill.Message;
import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Messages of so many keys, all in their queue before the first is handled. Counted from the first that is handled to the last, so
 * that neither joins nor sends count. Checks that each key's are in order.
 */
final class ConvoyTrial {
    private static final long PATIENCE_SECONDS = 300;

    private final int keys;
    private final int millis;
    private final int messages;
    private final CountDownLatch left;
    private final AtomicLong began = new AtomicLong();
    private final AtomicLong handling = new AtomicLong();
    private final AtomicLong disorder = new AtomicLong();
    /** The last number of each key; a key is with one handler at a time. */
    private final long[] last;

    private volatile long ended;

    ConvoyTrial(int keys, int millis, int messages) {
        this.keys = keys;
        this.millis = millis;
        this.messages = messages;
        left = new CountDownLatch(messages);
        last = new long[keys];
        Arrays.fill(last, -1);
    }

    int messages() {
        return messages;
    }

    String key(int number) {
        return "key-" + number % keys;
    }

    static byte[] body(int number) {
        return Body.of(number);
    }

    /** The handler. */
    void handle(byte[] body) throws InterruptedException {
        long start = System.nanoTime();
        began.compareAndSet(0, start);
        if (millis > 0) {
            TimeUnit.MILLISECONDS.sleep(millis);
        }
        long number = Body.value(body);
        int key = (int) (number % keys);
        if (last[key] >= number) {
            disorder.incrementAndGet();
        }
        last[key] = number;
        long end = System.nanoTime();
        handling.addAndGet(end - start);
        ended = end;
        left.countDown();
    }

    void awaitAll() throws InterruptedException {
        if (!left.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new BenchmarkException(left.getCount() + " of " + messages + " messages were not handled", null);
        }
        if (disorder.get() > 0) {
            throw new BenchmarkException(disorder.get() + " messages were not in order", null);
        }
    }

    void run(Waybill waybill, Queue<byte[]> queue, int concurrency) throws InterruptedException {
        try (Producer<byte[]> producer = waybill.producer(queue)) {
            List<CompletableFuture<Void>> sends = new ArrayList<>(messages);
            for (int i = 0; i < messages; i++) {
                sends.add(producer.send(Message.with(body(i)).key(key(i)).build()));
            }
            CompletableFuture.allOf(sends.toArray(CompletableFuture[]::new)).join();
        }
        try (Subscription subscription = waybill.consumer(queue)
                .concurrency(concurrency)
                .prefetch(Load.CONVOY_PREFETCH)
                .start(delivery -> handle(delivery.payload()))) {
            awaitAll();
            subscription.pause();
        }
    }

    double rate() {
        return messages * 1e9 / (ended - began.get());
    }

    /** What so many handlers could do. */
    double ideal(int handlers) {
        return handlers * 1e9 * messages / handling.get();
    }
}
