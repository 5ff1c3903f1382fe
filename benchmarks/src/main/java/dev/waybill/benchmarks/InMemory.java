package dev.waybill.benchmarks;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormat;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs the pipeline's benchmark by JMH; there is no plain client in memory, so that it is held against its budget. */
final class InMemory {
    static final String BROKER = "in-memory";
    private static final String ALLOCATED = "gc.alloc.rate.norm";
    private static final double BUDGET_NANOS = 1000;
    private static final double BUDGET_BYTES = 200;
    private static final int WARM_UPS = 3;

    private InMemory() {}

    static List<Result> run(int rounds) throws RunnerException {
        Options options = new OptionsBuilder()
                .include(PipelineBenchmark.class.getName())
                .addProfiler(GCProfiler.class)
                .forks(1)
                .warmupIterations(WARM_UPS)
                .warmupTime(TimeValue.seconds(2))
                .measurementIterations(rounds)
                .measurementTime(TimeValue.seconds(2))
                .build();
        // Standard output is for results.
        OutputFormat progress = OutputFormatFactory.createFormatInstance(System.err, VerboseMode.NORMAL);
        Collection<RunResult> results = new Runner(options, progress).run();
        List<Result> found = new ArrayList<>();
        for (RunResult result : results) {
            String name = result.getPrimaryResult().getLabel();
            double nanos = result.getPrimaryResult().getScore();
            double bytes = Objects.requireNonNull(result.getSecondaryResults().get(ALLOCATED), ALLOCATED)
                    .getScore();
            found.add(new Result(BROKER, name, Sample.of(BUDGET_NANOS), Sample.of(nanos), "ns/msg"));
            found.add(new Result(BROKER, name + "-memory", Sample.of(BUDGET_BYTES), Sample.of(bytes), "B/msg"));
        }
        return found;
    }
}
