package dev.waybill.benchmarks;

import java.util.Arrays;

/** What is measured. */
enum Workload {
    SEND("send", 0),
    CONSUME_1("consume-1", 1),
    CONSUME_8("consume-8", 8),
    CONSUME_64("consume-64", 64),
    LATENCY("latency", 1),
    RETRY("retry", 8),
    DEAD_LETTERS("dead-letters", 8),
    REDRIVE("redrive", 1);

    /** As it is written. */
    final String label;

    /** How many handlers run at once. */
    final int concurrency;

    Workload(String label, int concurrency) {
        this.label = label;
        this.concurrency = concurrency;
    }

    static Workload parse(String label) {
        return Arrays.stream(values())
                .filter(workload -> workload.label.equals(label))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("must be one of "
                        + Arrays.stream(values())
                                .map(workload -> workload.label)
                                .toList()));
    }

    /** Whether it is measured in messages a second, of which more is better. */
    boolean rate() {
        return this != LATENCY;
    }

    String unit() {
        return rate() ? Result.RATE : "ms-p99";
    }
}
