package dev.waybill.rabbitmq;

import dev.waybill.spi.Envelope;
import dev.waybill.spi.Inbound;
import org.jspecify.annotations.Nullable;

/** A delivery with its tag, which means something on the channel that it came from and nowhere else. */
final class RabbitMqInbound implements Inbound {
    final ConsumedChannel channel;
    final long tag;
    private final Envelope envelope;
    private final @Nullable String defect;
    private final int deliveryCount;
    private final boolean redelivered;

    RabbitMqInbound(
            ConsumedChannel channel, long tag, boolean redelivered, int deliveryCount, Envelopes.Received received) {
        this.channel = channel;
        this.tag = tag;
        this.redelivered = redelivered || received.late();
        this.deliveryCount = deliveryCount;
        envelope = received.envelope();
        defect = received.defect();
    }

    @Override
    public Envelope envelope() {
        return envelope;
    }

    @Override
    public int deliveryCount() {
        return deliveryCount;
    }

    @Override
    public boolean redelivered() {
        return redelivered;
    }

    @Override
    public long lockedUntilNanos() {
        return NO_LOCK_END;
    }

    @Override
    public boolean lost() {
        return channel.lost();
    }

    @Override
    public @Nullable String defect() {
        return defect;
    }
}
