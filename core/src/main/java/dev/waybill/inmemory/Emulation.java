package dev.waybill.inmemory;

import dev.waybill.spi.Limits;
import dev.waybill.spi.QueueDefinition;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Whose rules hold. The range of lock durations is the portable one everywhere: an emulated Kafka takes less than 15 s and
 * more than 60 s as well, since that bound is a setting of the real broker, and tests want locks as short as they like.
 */
enum Emulation {
    /** None but what the portable contract says, every capability native, and everything reported before a call returns. */
    NONE(
            new Limits(
                    16 << 20,
                    1_000,
                    Long.MAX_VALUE,
                    Integer.MAX_VALUE,
                    1_000,
                    1,
                    Long.MAX_VALUE / 2_000_000,
                    10_000,
                    0,
                    16 << 20),
            true,
            false,
            true,
            LaneMessages.Order.FIFO),
    /** Quorum queues of RabbitMQ 4.3: a lock ends only with its receiver. */
    RABBITMQ(
            new Limits(
                    16 << 20,
                    1_000,
                    Long.MAX_VALUE,
                    Integer.MAX_VALUE,
                    1_000,
                    1,
                    TimeUnit.DAYS.toMillis(1),
                    10_000,
                    32,
                    128 << 10),
            false,
            false,
            true,
            LaneMessages.Order.PRIORITIES),
    /** Share groups of Kafka 4.4. */
    KAFKA(
            new Limits(
                    1 << 20,
                    1_000,
                    Long.MAX_VALUE,
                    Integer.MAX_VALUE,
                    500,
                    1,
                    TimeUnit.DAYS.toMillis(366),
                    0,
                    0,
                    512 << 10),
            true,
            true,
            true,
            LaneMessages.Order.PARTITIONS),
    /** Standard queues of SQS: what a closed receiver held comes back when its lock ends. */
    SQS(
            new Limits(1 << 20, 10, 1 << 20, 16, 10, 8, 900_000, 10_000, 0, 192 << 10),
            true,
            true,
            false,
            LaneMessages.Order.BUCKETS);

    private final Limits limits;
    private final boolean timedLocks;
    private final boolean countsReleases;
    private final boolean returnsOnClose;
    private final LaneMessages.Order order;

    Emulation(
            Limits limits,
            boolean timedLocks,
            boolean countsReleases,
            boolean returnsOnClose,
            LaneMessages.Order order) {
        this.limits = limits;
        this.timedLocks = timedLocks;
        this.countsReleases = countsReleases;
        this.returnsOnClose = returnsOnClose;
        this.order = order;
    }

    static Optional<Emulation> named(String label) {
        return Arrays.stream(values())
                .filter(each -> each != NONE && each.label().equals(label))
                .findFirst();
    }

    static String allowed() {
        return Arrays.stream(values())
                .filter(each -> each != NONE)
                .map(Emulation::label)
                .collect(Collectors.joining("|"));
    }

    String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    Limits limits() {
        return limits;
    }

    /** Whether a lock ends by time. */
    boolean timedLocks() {
        return timedLocks;
    }

    /** Whether a message that is released has spent a delivery. */
    boolean countsReleases() {
        return countsReleases;
    }

    /** After which delivery a message that comes back is moved to the dead letters. */
    int limit(QueueDefinition queue) {
        return countsReleases ? queue.wideLimit() : queue.maxDeliveries();
    }

    /** Whether a receiver that ends gives back at once what it holds. */
    boolean returnsOnClose() {
        return returnsOnClose;
    }

    LaneMessages.Order order() {
        return order;
    }

    /** Whether a message that is given back can be told to wait; else core sends a copy that is delayed. */
    boolean delaysRetries() {
        return this == NONE || this == SQS;
    }

    /** A delay as the broker keeps it: on SQS in whole seconds. */
    long whole(long millis) {
        return this == SQS ? (millis + 999) / 1000 * 1000 : millis;
    }

    /** Whether what became of a message is told by another thread, after the call has returned. */
    boolean reportsLater() {
        return this != NONE;
    }
}
