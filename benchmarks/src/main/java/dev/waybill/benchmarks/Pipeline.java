package dev.waybill.benchmarks;

import dev.waybill.Codec;
import dev.waybill.Consumer;
import dev.waybill.Message;
import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.function.UnaryOperator;

/** One producer and one subscription of concurrency 1 on a broker in memory. A batch is sent, handled and acknowledged. */
final class Pipeline implements AutoCloseable {
    static final int BATCH = 500;
    private static final int PREFETCH = 250;

    private final List<CompletableFuture<Void>> sent = new ArrayList<>(BATCH);
    private final Semaphore batchHandled = new Semaphore(0);
    private final Waybill waybill;
    private final Producer<byte[]> producer;
    private final Subscription subscription;
    private int handled;

    /** @param stages adds what is to be around the handler */
    Pipeline(UnaryOperator<Consumer<byte[]>> stages) {
        waybill = Waybill.open(WaybillConfig.of(Map.of("waybill.broker", "in-memory")));
        Queue<byte[]> queue = Queue.named("pipeline", Codec.bytes()).build();
        producer = waybill.producer(queue);
        subscription = stages.apply(waybill.consumer(queue).concurrency(1).prefetch(PREFETCH))
                .start(delivery -> {
                    handled++;
                    if (handled == BATCH) {
                        handled = 0;
                        batchHandled.release();
                    }
                });
    }

    void send(Message<byte[]> message) {
        sent.add(producer.send(message));
    }

    /** Waits until each message of a batch is confirmed and handled. */
    void await() throws InterruptedException {
        for (int i = 0; i < BATCH; i++) {
            sent.get(i).join();
        }
        sent.clear();
        batchHandled.acquire();
    }

    @Override
    public void close() {
        subscription.close();
        producer.close();
        waybill.close();
    }
}
