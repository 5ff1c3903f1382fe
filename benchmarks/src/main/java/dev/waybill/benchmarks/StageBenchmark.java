package dev.waybill.benchmarks;

import dev.waybill.Message;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * {@link PipelineBenchmark#pipeline} with one stage around the handler, to which it is compared with none. Each message is new, since an
 * idempotent consumer handles none twice.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@SuppressWarnings("NullAway.Init")
public class StageBenchmark {
    private final byte[] body = new byte[Body.BYTES];

    /** Which stage. */
    @Param
    public Stage stage;

    private Pipeline pipeline;

    /** Opens the broker with one producer and one subscription of concurrency 1. */
    @Setup
    public void open() {
        pipeline = new Pipeline(stage::around);
    }

    /** Makes a batch, sends it, and waits until each of its messages is confirmed and handled. */
    @Benchmark
    @OperationsPerInvocation(Pipeline.BATCH)
    public void stage() throws InterruptedException {
        for (int i = 0; i < Pipeline.BATCH; i++) {
            pipeline.send(Message.of(body));
        }
        pipeline.await();
    }

    /** Closes what {@link #open} opened. */
    @TearDown
    public void close() {
        pipeline.close();
    }
}
