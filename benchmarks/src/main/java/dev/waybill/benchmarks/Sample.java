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
 * @param cpuMicros the processor time that this process spent on a message, in microseconds; 0 if it was not measured
 */
record Sample(double value, double p50, double max, double cpuMicros) {

    static Sample of(double value) {
        return new Sample(value, 0, 0, 0);
    }

    static Sample rate(long messages, Moment from, Moment to) {
        return new Sample(
                messages * 1e9 / (to.nanos() - from.nanos()), 0, 0, (to.cpuNanos() - from.cpuNanos()) / 1e3 / messages);
    }

    /** The medians of each part. */
    static Sample median(List<Sample> samples) {
        return new Sample(
                median(samples, Sample::value),
                median(samples, Sample::p50),
                median(samples, Sample::max),
                median(samples, Sample::cpuMicros));
    }

    static <T> double median(List<T> samples, ToDoubleFunction<T> part) {
        double[] sorted = samples.stream().mapToDouble(part).sorted().toArray();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1
                ? sorted[middle]
                : Arrays.stream(sorted, middle - 1, middle + 1).average().orElse(0);
    }
}
