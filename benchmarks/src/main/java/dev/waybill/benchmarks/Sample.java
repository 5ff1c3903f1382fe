package dev.waybill.benchmarks;

import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * What one measurement found.
 *
 * @param value messages a second, or the 99th percentile in milliseconds
 * @param p50 the median latency in milliseconds; 0 for a rate
 * @param max the longest latency in milliseconds; 0 for a rate
 */
record Sample(double value, double p50, double max) {

    static Sample rate(long messages, long nanos) {
        return new Sample(messages * 1e9 / nanos, 0, 0);
    }

    /** The medians of each part. */
    static Sample median(List<Sample> samples) {
        return new Sample(median(samples, Sample::value), median(samples, Sample::p50), median(samples, Sample::max));
    }

    private static double median(List<Sample> samples, ToDoubleFunction<Sample> part) {
        double[] sorted = samples.stream().mapToDouble(part).sorted().toArray();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1
                ? sorted[middle]
                : Arrays.stream(sorted, middle - 1, middle + 1).average().orElse(0);
    }
}
