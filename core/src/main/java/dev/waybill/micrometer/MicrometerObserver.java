package dev.waybill.micrometer;

import dev.waybill.Outcome;
import dev.waybill.WaybillObserver;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Reports to a Micrometer registry, each meter tagged with {@code queue}:
 *
 * <ul>
 *   <li>{@code waybill.send}: timer of sends, tagged {@code result} stored or failed
 *   <li>{@code waybill.received}: counter of received messages
 *   <li>{@code waybill.handle}: timer of handlers, tagged {@code outcome}
 *   <li>{@code waybill.dead.lettered}, {@code waybill.lock.lost}, {@code waybill.recoveries}: counters
 * </ul>
 *
 * Thread-safe. Meters are made once per queue, not looked up per message.
 */
public final class MicrometerObserver implements WaybillObserver {
    private final MeterRegistry registry;
    private final Map<String, Meters> byQueue = new ConcurrentHashMap<>();

    public MicrometerObserver(MeterRegistry registry) {
        this.registry = registry;
    }

    @Override
    public void sent(String queue, boolean stored, long nanos) {
        Meters meters = of(queue);
        (stored ? meters.stored : meters.failed).record(nanos, TimeUnit.NANOSECONDS);
    }

    @Override
    public void received(String queue, int count) {
        of(queue).received.increment(count);
    }

    @Override
    public void handled(String queue, Outcome.Kind outcome, long nanos) {
        Timer timer = of(queue).handled.get(outcome);
        if (timer != null) {
            timer.record(nanos, TimeUnit.NANOSECONDS);
        }
    }

    @Override
    public void deadLettered(String queue, String reason) {
        of(queue).deadLettered.increment();
    }

    @Override
    public void lockLost(String queue) {
        of(queue).lockLost.increment();
    }

    @Override
    public void recovering(String queue) {
        of(queue).recoveries.increment();
    }

    private Meters of(String queue) {
        Meters meters = byQueue.get(queue);
        return meters != null ? meters : byQueue.computeIfAbsent(queue, Meters::new);
    }

    private final class Meters {
        final Timer stored;
        final Timer failed;
        final Counter received;
        final Map<Outcome.Kind, Timer> handled = new EnumMap<>(Outcome.Kind.class);
        final Counter deadLettered;
        final Counter lockLost;
        final Counter recoveries;

        Meters(String queue) {
            stored = registry.timer("waybill.send", "queue", queue, "result", "stored");
            failed = registry.timer("waybill.send", "queue", queue, "result", "failed");
            received = registry.counter("waybill.received", "queue", queue);
            for (Outcome.Kind kind : Outcome.Kind.values()) {
                String outcome = kind.name().toLowerCase(Locale.ROOT);
                handled.put(kind, registry.timer("waybill.handle", "queue", queue, "outcome", outcome));
            }
            deadLettered = registry.counter("waybill.dead.lettered", "queue", queue);
            lockLost = registry.counter("waybill.lock.lost", "queue", queue);
            recoveries = registry.counter("waybill.recoveries", "queue", queue);
        }
    }
}
