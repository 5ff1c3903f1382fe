package dev.waybill.kafka;

import dev.waybill.spi.Envelope;
import dev.waybill.spi.Held;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.TimeSource;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/** A record as received, its lock, and what is to become of it. */
final class KafkaInbound implements Inbound {
    private final ShareWorker worker;
    private final TimeSource time;
    private final ConsumerRecord<byte[], byte[]> record;
    private final Envelope envelope;
    private final @Nullable String defect;
    private final int deliveriesBefore;
    private final FirstDeliveries.Arrival arrival;

    private volatile long lockedUntilNanos;
    private volatile boolean lost;
    private volatile boolean handedOver;

    /** Written before this is posted to the worker, read by the worker alone. */
    private @Nullable Held settlement;

    private AcknowledgeType acknowledgement = AcknowledgeType.ACCEPT;

    /** No longer in its consumer's hands; set by the worker's thread. */
    private volatile boolean done;

    KafkaInbound(
            ShareWorker worker,
            TimeSource time,
            ConsumerRecord<byte[], byte[]> record,
            Records.Decoded decoded,
            FirstDeliveries.Arrival arrival,
            long lockedUntilNanos) {
        this.worker = worker;
        this.time = time;
        this.record = record;
        this.envelope = decoded.envelope();
        this.defect = decoded.defect();
        this.deliveriesBefore = decoded.deliveriesBefore();
        this.arrival = arrival;
        this.lockedUntilNanos = lockedUntilNanos;
    }

    @Override
    public Envelope envelope() {
        return envelope;
    }

    @Override
    public int deliveryCount() {
        return record.deliveryCount().orElse((short) 1) + deliveriesBefore;
    }

    @Override
    public boolean redelivered() {
        return deliveriesBefore > 0 || !arrival.first(record);
    }

    @Override
    public long lockedUntilNanos() {
        return lockedUntilNanos;
    }

    @Override
    public boolean lost() {
        return lost || overdue(time.nanos());
    }

    @Override
    public @Nullable String defect() {
        return defect;
    }

    ShareWorker worker() {
        return worker;
    }

    ConsumerRecord<byte[], byte[]> record() {
        return record;
    }

    boolean overdue(long now) {
        return lockedUntilNanos - now <= 0;
    }

    void lockedUntil(long nanos) {
        lockedUntilNanos = nanos;
    }

    void handOver() {
        handedOver = true;
    }

    boolean handedOver() {
        return handedOver;
    }

    void settleBy(Held held) {
        settlement = held;
        acknowledgement =
                held.disposition() == Held.Disposition.ACCEPT ? AcknowledgeType.ACCEPT : AcknowledgeType.RELEASE;
    }

    /** Nobody has it any more: it goes back, and nobody is told. */
    void giveBack() {
        lost = true;
        acknowledgement = AcknowledgeType.RELEASE;
    }

    AcknowledgeType acknowledgement() {
        return acknowledgement;
    }

    /** @param failure why the broker refused the settlement, or null if it took it */
    void report(@Nullable String failure) {
        if (failure != null) {
            reportLost(failure);
        } else if (settlement != null) {
            settlement.settled();
        }
    }

    void reportLost(String why) {
        lost = true;
        if (settlement != null) {
            settlement.lost(why);
        }
    }

    void lose() {
        lost = true;
    }

    boolean done() {
        return done;
    }

    void finish() {
        done = true;
    }
}
