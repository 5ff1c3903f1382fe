package dev.waybill.micrometer;

import dev.waybill.convoy.ConvoyListener;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Reports to a Micrometer registry what happens to convoys, each meter tagged with {@code machine}:
 *
 * <ul>
 *   <li>{@code waybill.convoys.transitions}: counter of steps, tagged {@code event}, the simple name of the message's class or
 *       {@code timeout}, {@code from} and {@code to}
 *   <li>{@code waybill.convoys.timeouts}: timer of how late time-outs and alerts have fired, tagged {@code state}
 *   <li>{@code waybill.convoys.holds}: counter of messages that had to be held
 *   <li>{@code waybill.convoys.stuck}: counter of convoys that became stuck
 *   <li>{@code waybill.convoys.conflicts}: counter of steps made again since somebody else had changed the convoy
 *   <li>{@code waybill.convoys.store.failures}: counter of what waits or is tried again since the store could not be asked
 * </ul>
 *
 * What is there, rather than what happens, is in {@link ConvoyMetrics}. Thread-safe; one does for all machines.
 */
public final class MicrometerConvoyListener implements ConvoyListener {
    private final MeterRegistry registry;

    public MicrometerConvoyListener(MeterRegistry registry) {
        this.registry = registry;
    }

    @Override
    public void moved(String machine, String key, String event, String from, String to) {
        counter("transitions", "Steps of convoys", null, machine, "event", event, "from", from, "to", to)
                .increment();
    }

    @Override
    public void timedOut(String machine, String key, String from, String to, long lateMillis) {
        moved(machine, key, "timeout", from, to);
        Timer.builder("waybill.convoys.timeouts")
                .description("How late time-outs of convoys have fired")
                .tags("machine", machine, "state", from)
                .register(registry)
                .record(Math.max(0, lateMillis), TimeUnit.MILLISECONDS);
    }

    @Override
    public void held(String machine, String key, String messageId) {
        counter("holds", "Messages that had to be held", "messages", machine).increment();
    }

    @Override
    public void stuck(String machine, String key, String failure) {
        counter("stuck", "Convoys that became stuck", null, machine).increment();
    }

    @Override
    public void conflict(String machine, String key) {
        counter("conflicts", "Steps made again since somebody else had changed the convoy", null, machine)
                .increment();
    }

    @Override
    public void storeFailed(String machine) {
        counter("store.failures", "What waits, or is tried again, since the store could not be asked", null, machine)
                .increment();
    }

    /** Finds the same for the same tags; a step asks a store anyway, which takes a thousand times as long. */
    private Counter counter(String name, String description, @Nullable String unit, String machine, String... tags) {
        return Counter.builder("waybill.convoys." + name)
                .description(description)
                .baseUnit(unit)
                .tags("machine", machine)
                .tags(tags)
                .register(registry);
    }
}
