package dev.waybill.micrometer;

import dev.waybill.convoy.ConvoyCensus;
import dev.waybill.convoy.Convoys;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a store has of the convoys of a machine, as gauges tagged with {@code machine}; NaN while the store cannot be asked:
 *
 * <ul>
 *   <li>{@code waybill.convoys}: how many, tagged {@code state}, one of the machine's or {@code other}, and {@code status}, a
 *       {@link dev.waybill.convoy.ConvoyStatus}; what there is none of has no gauge
 *   <li>{@code waybill.convoys.held}: messages that are held
 *   <li>{@code waybill.convoys.due}: about how many convoys something is due that nobody has done yet, such as a time-out
 *   <li>{@code waybill.convoys.due.age}: for how long the first of these has been due
 *   <li>{@code waybill.convoys.outbox}: messages that are still to be sent
 *   <li>{@code waybill.convoys.outbox.age}: for how long the oldest of these has been there
 * </ul>
 *
 * One thread asks the store every 30 seconds, or as often as is said; a scrape asks nothing. All processes of a machine tell the same.
 * To be closed before the store. Thread-safe.
 */
public final class ConvoyMetrics implements MeterBinder, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ConvoyMetrics.class);
    private static final Duration INTERVAL = Duration.ofSeconds(30);

    private final Convoys convoys;
    private final String machine;
    private final Set<String> states;
    private final List<Bound> bound = new ArrayList<>();
    private final ScheduledExecutorService asking;
    private volatile @Nullable ConvoyCensus last;

    /** Asks every 30 seconds. */
    public ConvoyMetrics(Convoys convoys) {
        this(convoys, INTERVAL);
    }

    /**
     * A store may count all its convoys each time.
     *
     * @param interval between two questions, 10 ms to 1 day
     */
    public ConvoyMetrics(Convoys convoys, Duration interval) {
        if (interval.compareTo(Duration.ofMillis(10)) < 0 || interval.compareTo(Duration.ofDays(1)) > 0) {
            throw new IllegalArgumentException("interval is " + interval + " but must be PT0.01S to PT24H");
        }
        this.convoys = convoys;
        machine = convoys.machine().name();
        states = convoys.machine().states().stream().map(Enum::name).collect(Collectors.toSet());
        asking = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "waybill-convoy-metrics");
            thread.setDaemon(true);
            return thread;
        });
        var unused = asking.scheduleWithFixedDelay(this::ask, 0, interval.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public synchronized void bindTo(MeterRegistry registry) {
        if (asking.isShutdown()) {
            throw new IllegalStateException("these metrics are closed");
        }
        Bound more = new Bound(registry);
        more.update();
        bound.add(more);
    }

    private void ask() {
        // What escaped here would end the schedule.
        try {
            last = convoys.operations().census();
        } catch (RuntimeException | Error unknown) {
            last = null;
            LOG.warn("the convoys of {} cannot be counted: {}", machine, unknown.toString());
        }
        try {
            update();
        } catch (RuntimeException | Error refused) {
            LOG.warn("the gauges of the convoys of {} are not up to date", machine, refused);
        }
    }

    private synchronized void update() {
        if (!asking.isShutdown()) {
            bound.forEach(Bound::update);
        }
    }

    /** Ends the thread, once the store has answered it, and removes the gauges. Idempotent. */
    @Override
    public synchronized void close() {
        asking.shutdown();
        bound.forEach(Bound::close);
        bound.clear();
    }

    /** By state and status; the states that only other versions of the machine have are one. */
    private Map<Tags, Long> groups(ConvoyCensus census) {
        return census.convoys().entrySet().stream()
                .collect(Collectors.groupingBy(
                        group -> tags(group.getKey()), Collectors.summingLong(Map.Entry::getValue)));
    }

    private Tags tags(ConvoyCensus.Group group) {
        return Tags.of(
                "machine",
                machine,
                "state",
                states.contains(group.state()) ? group.state() : "other",
                "status",
                group.status().name().toLowerCase(Locale.ROOT));
    }

    /** The gauges in one registry. */
    private final class Bound {
        private final MeterRegistry registry;
        private final MultiGauge byState;
        private final List<Meter> others;

        Bound(MeterRegistry registry) {
            this.registry = registry;
            byState = MultiGauge.builder("waybill.convoys")
                    .description("Convoys in the store")
                    .register(registry);
            others = List.of(
                    count("held", "messages", "Messages that are held", ConvoyCensus::held),
                    count("due", null, "Convoys about which something is due", ConvoyCensus::due),
                    age("due", "For how long the first has been due", ConvoyCensus::dueMillis),
                    count("outbox", "messages", "Messages that are still to be sent", ConvoyCensus::outgoing),
                    age("outbox", "For how long the oldest is to be sent", ConvoyCensus::outgoingMillis));
        }

        private Meter count(
                String name, @Nullable String unit, String description, ToDoubleFunction<ConvoyCensus> value) {
            return Gauge.builder("waybill.convoys." + name, () -> now(value))
                    .description(description)
                    .baseUnit(unit)
                    .tags("machine", machine)
                    .register(registry);
        }

        private Meter age(String name, String description, ToDoubleFunction<ConvoyCensus> millis) {
            return TimeGauge.builder("waybill.convoys." + name + ".age", () -> now(millis), TimeUnit.MILLISECONDS)
                    .description(description)
                    .tags("machine", machine)
                    .register(registry);
        }

        private double now(ToDoubleFunction<ConvoyCensus> value) {
            ConvoyCensus census = last;
            return census == null ? Double.NaN : value.applyAsDouble(census);
        }

        /** Those that are there already stay, and look for themselves: a scrape may come while one takes the place of another. */
        void update() {
            ConvoyCensus census = last;
            byState.register(census == null ? List.of() : rows(groups(census).keySet()));
        }

        private List<Row<?>> rows(Set<Tags> groups) {
            return groups.stream()
                    .<Row<?>>map(group ->
                            Row.of(group, () -> now(census -> groups(census).getOrDefault(group, 0L))))
                    .toList();
        }

        void close() {
            byState.register(List.of());
            others.forEach(registry::remove);
        }
    }
}
