package dev.waybill.benchmarks;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

/**
 * Runs the pipeline's benchmarks by JMH. There is no plain client in memory, so that the pipeline is held against its budget, and one with a
 * stage around its handler against one without.
 */
final class InMemory {
    static final String BROKER = "in-memory";
    private static final String ALLOCATED = "gc.alloc.rate.norm";
    private static final double BUDGET_NANOS = 1000;
    private static final double BUDGET_BYTES = 200;
    private static final int WARM_UPS = 3;

    private InMemory() {}

    static List<Result> run(int rounds) throws RunnerException {
        List<Result> found = new ArrayList<>();
        for (RunResult result : benchmarks(PipelineBenchmark.class, rounds)) {
            String name = result.getPrimaryResult().getLabel();
            add(found, name, BUDGET_NANOS, BUDGET_BYTES, result);
        }
        Map<String, RunResult> stages = new LinkedHashMap<>();
        benchmarks(StageBenchmark.class, rounds)
                .forEach(result -> stages.put(result.getParams().getParam("stage"), result));
        RunResult none = Objects.requireNonNull(stages.remove(Stage.NONE.name()));
        stages.forEach((stage, result) -> add(found, Stage.valueOf(stage).label, nanos(none), bytes(none), result));
        return found;
    }

    private static void add(List<Result> found, String name, double nanos, double bytes, RunResult result) {
        found.add(new Result(BROKER, name, Sample.of(nanos), Sample.of(nanos(result)), "ns/msg"));
        found.add(new Result(BROKER, name + "-memory", Sample.of(bytes), Sample.of(bytes(result)), "B/msg"));
    }

    private static double nanos(RunResult result) {
        return result.getPrimaryResult().getScore();
    }

    private static double bytes(RunResult result) {
        return Objects.requireNonNull(result.getSecondaryResults().get(ALLOCATED), ALLOCATED)
                .getScore();
    }

    private static Collection<RunResult> benchmarks(Class<?> benchmark, int rounds) throws RunnerException {
        Options options = new OptionsBuilder()
                .include(benchmark.getName())
                .addProfiler(GCProfiler.class)
                .forks(1)
                .warmupIterations(WARM_UPS)
                .warmupTime(TimeValue.seconds(2))
                .measurementIterations(rounds)
                .measurementTime(TimeValue.seconds(2))
                .build();
        // Standard output is for results.
        OutputFormat progress = OutputFormatFactory.createFormatInstance(System.err, VerboseMode.NORMAL);
        return new Runner(options, progress).run();
    }
}
