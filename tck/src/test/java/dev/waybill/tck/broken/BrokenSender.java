package dev.waybill.tck.broken;

import dev.waybill.DeadLetterHeaders;
import dev.waybill.SendException;
import dev.waybill.spi.Envelope;
import dev.waybill.spi.Outbound;
import dev.waybill.spi.Sender;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A working sender with one fault. */
final class BrokenSender implements Sender {
    private static final int OVERTAKEN_BY = 9;
    /** More than what rounding makes up for. */
    private static final long IN_LINE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private final Sender working;
    private final @Nullable Fault fault;
    private long lastDueNanos = System.nanoTime();
    private @Nullable Twisted held;
    private int passed;

    BrokenSender(Sender working, @Nullable Fault fault) {
        this.working = working;
        this.fault = fault;
    }

    @Override
    public void send(List<? extends Outbound> batch) {
        List<Twisted> twisted = new ArrayList<>();
        batch.forEach(message -> twisted.add(new Twisted(message, fault, delayMillis(message))));
        List<Twisted> sent = fault == Fault.SENDS_OUT_OF_ORDER ? overtaken(twisted) : twisted;
        if (!sent.isEmpty()) {
            working.send(sent);
        }
    }

    private List<Twisted> overtaken(List<Twisted> batch) {
        List<Twisted> late = new ArrayList<>();
        for (Twisted message : batch) {
            if (held == null) {
                held = message;
                passed = 0;
            } else {
                late.add(message);
                if (++passed == OVERTAKEN_BY) {
                    late.add(held);
                    held = null;
                }
            }
        }
        return late;
    }

    private long delayMillis(Outbound message) {
        long millis = fault == Fault.DELAYS_NOTHING ? 0 : message.delayMillis();
        if (fault == Fault.WAITS_IN_LINE) {
            long now = System.nanoTime();
            lastDueNanos = Math.max(lastDueNanos + IN_LINE_NANOS, now + TimeUnit.MILLISECONDS.toNanos(millis));
            return TimeUnit.NANOSECONDS.toMillis(lastDueNanos - now);
        }
        return millis;
    }

    @Override
    public boolean usable() {
        return working.usable();
    }

    @Override
    public void close() {
        working.close();
    }

    private record Twisted(Outbound message, @Nullable Fault fault, long delayMillis) implements Outbound {
        @Override
        public Envelope envelope() {
            return message.envelope();
        }

        @Override
        public int priority() {
            return fault == Fault.FORGETS_THE_PRIORITY ? -1 : message.priority();
        }

        @Override
        public boolean moved() {
            return message.moved();
        }

        @Override
        public void stored() {
            message.stored();
        }

        @Override
        public void failed(SendException.Reason reason, boolean maybeStored, String detail, @Nullable Throwable cause) {
            if (fault == Fault.SWALLOWS_A_SEND_ERROR
                    || fault == Fault.SWALLOWS_A_REFUSED_DEAD_LETTER
                            && message.envelope().headers().containsKey(DeadLetterHeaders.QUEUE)) {
                message.stored();
            } else {
                message.failed(reason, maybeStored, detail, cause);
            }
        }
    }
}
