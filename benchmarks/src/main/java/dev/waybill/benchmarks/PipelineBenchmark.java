package dev.waybill.benchmarks;

import dev.waybill.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
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
    private final byte[] body = new byte[Body.BYTES];
    private final List<Message<byte[]>> made = new ArrayList<>(Pipeline.BATCH);
    private Pipeline pipeline;

    /** Opens the broker with one producer and one subscription of concurrency 1. */
    @Setup
    public void open() {
        for (int i = 0; i < Pipeline.BATCH; i++) {
            made.add(Message.of(body));
        }
        pipeline = new Pipeline(UnaryOperator.identity());
    }

    /** Makes a batch, with an id a message, sends it, and waits until each of its messages is confirmed and handled. */
    @Benchmark
    @OperationsPerInvocation(Pipeline.BATCH)
    public void pipeline() throws InterruptedException {
        for (int i = 0; i < Pipeline.BATCH; i++) {
            pipeline.send(Message.of(body));
        }
        pipeline.await();
    }

    /** The same without what the application does itself: to make the messages. */
    @Benchmark
    @OperationsPerInvocation(Pipeline.BATCH)
    public void premade() throws InterruptedException {
        for (int i = 0; i < Pipeline.BATCH; i++) {
            pipeline.send(made.get(i));
        }
        pipeline.await();
    }

    /** Closes what {@link #open} opened. */
    @TearDown
    public void close() {
        pipeline.close();
    }
}
