package dev.waybill.internal;

import dev.waybill.SendException;
import dev.waybill.spi.Envelope;
import dev.waybill.spi.Outbound;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** One send on its way: the caller's future, the adapter's report, and a link of the pipe's list, in one object. */
final class PendingSend extends CompletableFuture<Void> implements Outbound {
    private final SendPipe pipe;
    private final Envelope envelope;
    private final long delayMillis;
    /** Whether it is not to be sent any more. */
    final BooleanSupplier withdrawn;

    final int size;
    final long startNanos;

    // Guarded by the pipe's lock.
    boolean handedOver;
    boolean reported;

    @Nullable
    SendCall call;

    @Nullable
    PendingSend older;

    @Nullable
    PendingSend newer;

    PendingSend(
            SendPipe pipe, Envelope envelope, long delayMillis, BooleanSupplier withdrawn, long size, long startNanos) {
        this.pipe = pipe;
        this.envelope = envelope;
        this.delayMillis = delayMillis;
        this.withdrawn = withdrawn;
        this.size = (int) Math.min(size, Integer.MAX_VALUE);
        this.startNanos = startNanos;
    }

    @Override
    public Envelope envelope() {
        return envelope;
    }

    @Override
    public long delayMillis() {
        return delayMillis;
    }

    @Override
    public int priority() {
        return pipe.prioritized() ? CoreHeaders.priority(envelope.headers()) : -1;
    }

    @Override
    public boolean moved() {
        return pipe.moves();
    }

    SendException failure(SendException.Reason reason, boolean maybeStored, String detail, @Nullable Throwable cause) {
        return pipe.failure(this, reason, maybeStored, detail, cause);
    }

    @Override
    public void stored() {
        pipe.reported(this, null);
    }

    @Override
    public void failed(SendException.Reason reason, boolean maybeStored, String detail, @Nullable Throwable cause) {
        pipe.reported(this, failure(reason, maybeStored, detail, cause));
    }

    /** One call of {@code Sender.send} whose messages are not all reported; counted where the broker limits such calls. */
    static final class SendCall {
        int open;
    }
}
