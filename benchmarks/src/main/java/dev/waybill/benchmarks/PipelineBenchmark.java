package dev.waybill.benchmarks;

import dev.waybill.Codec;
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
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * What Waybill and its in-memory broker cost a message, from {@code send} to the acknowledgement. One operation is one message:
 * a batch is sent, handled and acknowledged before the next begins.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@SuppressWarnings("NullAway.Init")
public class PipelineBenchmark {
    static final int BATCH = 500;
    private static final int PREFETCH = 250;

    private final byte[] body = new byte[Body.BYTES];
    private final List<Message<byte[]>> made = new ArrayList<>(BATCH);
    private final List<CompletableFuture<Void>> sent = new ArrayList<>(BATCH);
    private final Semaphore batchHandled = new Semaphore(0);
    private Waybill waybill;
    private Producer<byte[]> producer;
    private Subscription subscription;
    private int handled;

    /** Opens the broker with one producer and one subscription of concurrency 1. */
    @Setup
    public void open() {
        for (int i = 0; i < BATCH; i++) {
            made.add(Message.of(body));
        }
        waybill = Waybill.open(WaybillConfig.of(Map.of("waybill.broker", "in-memory")));
        Queue<byte[]> queue = Queue.named("pipeline", Codec.bytes()).build();
        producer = waybill.producer(queue);
        subscription = waybill.consumer(queue).concurrency(1).prefetch(PREFETCH).start(delivery -> {
            handled++;
            if (handled == BATCH) {
                handled = 0;
                batchHandled.release();
            }
        });
    }

    /** Makes a batch, with an id a message, sends it, and waits until each of its messages is confirmed and handled. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void pipeline() throws InterruptedException {
        for (int i = 0; i < BATCH; i++) {
            sent.add(producer.send(Message.of(body)));
        }
        await();
    }

    /** The same without what the application does itself: to make the messages. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void premade() throws InterruptedException {
        for (int i = 0; i < BATCH; i++) {
            sent.add(producer.send(made.get(i)));
        }
        await();
    }

    private void await() throws InterruptedException {
        for (int i = 0; i < BATCH; i++) {
            sent.get(i).join();
        }
        sent.clear();
        batchHandled.acquire();
    }

    /** Closes what {@link #open} opened. */
    @TearDown
    public void close() {
        subscription.close();
        producer.close();
        waybill.close();
    }
}
