package dev.waybill.kafka;

import dev.waybill.spi.Envelope;
import dev.waybill.spi.Inbound;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** A record of an ordered queue. It is ours for as long as its partition is. */
final class OrderedInbound implements Inbound {
    final TopicPartition partition;
    final long offset;
    /** Of which holding of the partition by this receiver it is. */
    final Progress progress;

    private final Records.Decoded decoded;
    private final int deliveryCount;
    private final boolean redelivered;
    private volatile boolean lost;

    OrderedInbound(TopicPartition partition, long offset, Progress progress, Records.Decoded decoded) {
        this(partition, offset, progress, decoded, progress.deliveryCount(offset), progress.repeated(offset));
    }

    private OrderedInbound(
            TopicPartition partition,
            long offset,
            Progress progress,
            Records.Decoded decoded,
            int deliveryCount,
            boolean redelivered) {
        this.partition = partition;
        this.offset = offset;
        this.progress = progress;
        this.decoded = decoded;
        this.deliveryCount = deliveryCount;
        this.redelivered = redelivered;
    }

    /** Its next delivery. */
    OrderedInbound again() {
        return new OrderedInbound(partition, offset, progress, decoded, deliveryCount + 1, true);
    }

    void lose() {
        lost = true;
    }

    @Override
    public Envelope envelope() {
        return decoded.envelope();
    }

    @Override
    public int deliveryCount() {
        return deliveryCount + decoded.deliveriesBefore();
    }

    @Override
    public boolean redelivered() {
        return redelivered || decoded.deliveriesBefore() > 0;
    }

    @Override
    public long lockedUntilNanos() {
        return NO_LOCK_END;
    }

    @Override
    public boolean lost() {
        return lost;
    }

    @Override
    public @Nullable String defect() {
        return decoded.defect();
    }
}
