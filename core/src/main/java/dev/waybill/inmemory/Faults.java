package dev.waybill.inmemory;

import dev.waybill.SendException;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.Destination;
import dev.waybill.spi.Held;
import dev.waybill.spi.Outbound;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** What a test has asked to be refused. */
final class Faults {
    private final AtomicInteger sends = new AtomicInteger();
    private final AtomicInteger settlements = new AtomicInteger();
    private volatile boolean deadLetters;
    private volatile SendException.Reason reason = SendException.Reason.REJECTED;

    void refuseSends(int count, SendException.Reason why) {
        reason = why;
        sends.set(count);
    }

    void refuseDeadLetters(boolean refuse) {
        deadLetters = refuse;
    }

    void refuseSettlements(int count) {
        settlements.set(count);
    }

    /** Reports the first ones as refused, as many as there are to be, and returns the others. */
    <T extends Outbound> List<T> refuseSends(List<T> batch, Destination to) {
        boolean unroutable = deadLetters && to.role() == Destination.Role.DEAD_LETTER;
        int refused = unroutable ? batch.size() : take(sends, batch.size());
        for (int i = 0; i < refused; i++) {
            batch.get(i)
                    .failed(unroutable ? SendException.Reason.UNROUTABLE : reason, false, "a test refuses it", null);
        }
        return refused == 0 ? batch : batch.subList(refused, batch.size());
    }

    /** Reports the first ones as failed, as many as there are to be, and returns the others. */
    <T extends Held> List<T> refuseSettlements(List<T> batch) {
        int refused = take(settlements, batch.size());
        for (int i = 0; i < refused; i++) {
            batch.get(i).failed(new BrokerException(BrokerException.Kind.UNAVAILABLE, "a test refuses it", null));
        }
        return refused == 0 ? batch : batch.subList(refused, batch.size());
    }

    private static int take(AtomicInteger left, int wanted) {
        if (left.get() == 0) {
            return 0;
        }
        return Math.min(wanted, left.getAndUpdate(now -> Math.max(0, now - wanted)));
    }
}
