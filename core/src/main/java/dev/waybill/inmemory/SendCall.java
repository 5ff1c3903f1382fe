package dev.waybill.inmemory;

import dev.waybill.SendException;
import dev.waybill.spi.Outbound;
import java.util.List;

/** Messages that were handed over in one call and not yet reported. */
final class SendCall {
    private final List<? extends Outbound> batch;
    private final MessageQueue queue;
    private boolean stored;

    SendCall(List<? extends Outbound> batch, MessageQueue queue) {
        this.batch = List.copyOf(batch);
        this.queue = queue;
    }

    /** Idempotent; under the sender's monitor. */
    void store() {
        if (!stored) {
            stored = true;
            queue.add(batch);
        }
    }

    void confirm() {
        batch.forEach(Outbound::stored);
    }

    void fail(SendException.Reason reason, String detail) {
        batch.forEach(message -> message.failed(reason, true, detail, null));
    }
}
