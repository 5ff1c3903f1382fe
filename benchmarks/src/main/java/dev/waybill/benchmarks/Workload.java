package dev.waybill.benchmarks;

import dev.waybill.PriorityPolicy;
import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** What is measured. */
enum Workload {
    SEND("send", 0),
    CONSUME_1("consume-1", 1),
    CONSUME_8("consume-8", 8),
    CONSUME_64("consume-64", 64),
    LATENCY("latency", 1),
    RETRY("retry", 8),
    DEAD_LETTERS("dead-letters", 8),
    REDRIVE("redrive", 1),
    PRIORITY("priority", 8, PriorityPolicy.strict(Load.LEVELS), Rival.PLAIN_CLIENT),
    PRIORITY_STRICT("priority-strict", 8, PriorityPolicy.strict(Load.LEVELS), Rival.PLAIN_QUEUE),
    PRIORITY_AGING(
            "priority-aging", 8, PriorityPolicy.strict(Load.LEVELS).aging(Duration.ofSeconds(1)), Rival.PLAIN_QUEUE);

    /** What Waybill is compared with. */
    enum Rival {
        PLAIN_CLIENT,
        /** Waybill, with a queue that has no priorities. */
        PLAIN_QUEUE
    }

    /** As it is written. */
    final String label;

    /** How many handlers run at once. */
    final int concurrency;

    /** What the messages are sent with, each level in turn; null if with nothing. */
    final @Nullable PriorityPolicy priorities;

    final Rival rival;

    Workload(String label, int concurrency) {
        this(label, concurrency, null, Rival.PLAIN_CLIENT);
    }

    Workload(String label, int concurrency, @Nullable PriorityPolicy priorities, Rival rival) {
        this.label = label;
        this.concurrency = concurrency;
        this.priorities = priorities;
        this.rival = rival;
    }

    /** Only RabbitMQ's client has priorities of its own. */
    boolean on(String broker) {
        return this != PRIORITY || broker.equals("rabbitmq");
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
