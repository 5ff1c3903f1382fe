package dev.waybill.kafka;

import dev.waybill.spi.TimeSource;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.jspecify.annotations.Nullable;

/**
 * How long a share consumer may poll a topic that is written in transactions. Each leaves a marker in the log, and after a fetch
 * that brought a marker and nothing else, the client does not fetch again until it is polled again (seen with 4.4.0): one long
 * poll would wait in vain for its whole time. One for all workers of a receiver; thread-safe.
 */
final class Markers {
    private static final Duration SHORTEST = Duration.ofMillis(20);
    private static final Duration LONGEST = Duration.ofSeconds(1);
    private static final int MOST_DOUBLINGS = 6;
    private static final long LIKELY_NANOS = TimeUnit.SECONDS.toNanos(2);

    /** Null if there are none. */
    private final @Nullable BooleanSupplier possible;

    private final TimeSource time;
    private volatile long seenAt;

    /** @param possible whether the topic may be written in transactions, for all that is known; cheap */
    Markers(BooleanSupplier possible, TimeSource time) {
        this(time, possible);
    }

    private Markers(TimeSource time, @Nullable BooleanSupplier possible) {
        this.possible = possible;
        this.time = time;
        seenAt = time.nanos() - LIKELY_NANOS;
    }

    /** Of a topic that is not written in transactions. */
    static Markers none(TimeSource time) {
        return new Markers(time, null);
    }

    /** Looks for records that came in a transaction, whose marker is to come. */
    void look(ConsumerRecords<byte[], byte[]> records) {
        if (possible == null) {
            return;
        }
        for (ConsumerRecord<byte[], byte[]> record : records) {
            if (DelayedRecord.moved(record)) {
                seenAt = time.nanos();
                return;
            }
        }
    }

    /** Whether one is to be expected. */
    boolean likely() {
        return time.nanos() - seenAt < LIKELY_NANOS;
    }

    /**
     * How long a poll may last.
     *
     * @param usual how long if there are no markers
     * @param inVain how many polls since the last that brought something
     */
    Duration poll(Duration usual, int inVain) {
        if (likely()) {
            Duration doubled = SHORTEST.multipliedBy(1L << Math.min(inVain, MOST_DOUBLINGS));
            return doubled.compareTo(LONGEST) < 0 ? doubled : LONGEST;
        }
        return possible != null && possible.getAsBoolean() && usual.compareTo(LONGEST) > 0 ? LONGEST : usual;
    }
}
