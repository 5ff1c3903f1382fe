package dev.waybill.benchmarks;

import java.util.Locale;

/**
 * What a comparison found: medians.
 *
 * @param unit {@code msg/s}, where more is better, or anything else, where less is
 */
record Result(String broker, String workload, Sample plain, Sample waybill, String unit) {
    static final String RATE = "msg/s";

    /** Above 1 where Waybill is the better. */
    double ratio() {
        return unit.equals(RATE) ? waybill.value() / plain.value() : plain.value() / waybill.value();
    }

    /** For machines. */
    String line() {
        return String.format(
                Locale.ROOT,
                "bench broker=%s workload=%s plain=%s waybill=%s ratio=%.2f unit=%s",
                broker,
                workload,
                number(plain.value()),
                number(waybill.value()),
                ratio(),
                unit);
    }

    /** A row of a Markdown table. */
    String row() {
        return String.format(
                Locale.ROOT,
                "| %s | %s | %s | %s | %.2f | %s | %s | %s |",
                broker,
                workload,
                shown(plain),
                shown(waybill),
                ratio(),
                unit,
                cpu(plain),
                cpu(waybill));
    }

    private static String cpu(Sample sample) {
        return sample.cpuMicros() == 0 ? "" : String.format(Locale.ROOT, "%.1f", sample.cpuMicros());
    }

    private static String shown(Sample sample) {
        return sample.p50() == 0
                ? number(sample.value())
                : number(sample.value()) + " (p50 " + number(sample.p50()) + ", max " + number(sample.max()) + ")";
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, value >= 100 ? "%.0f" : "%.2f", value);
    }
}
