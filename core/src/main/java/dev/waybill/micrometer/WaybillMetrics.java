package dev.waybill.micrometer;

import dev.waybill.DeadLetters;
import dev.waybill.Health;
import dev.waybill.Queue;
import dev.waybill.Waybill;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is there, as gauges:
 *
 * <ul>
 *   <li>{@code waybill.health}: 1 up, 0.5 degraded, 0 down, of each connection, producer and subscription, tagged {@code kind} and
 *       {@code name}; the worst where several have the same
 *   <li>{@code waybill.held}: messages received and not settled, tagged {@code queue}
 *   <li>{@code waybill.in.flight}: messages sent and not answered, tagged {@code queue}
 *   <li>{@code waybill.depth}: about how many messages wait, tagged {@code queue} and {@code level}; all at level 0 where there are no
 *       priorities, or the broker keeps them in one queue; NaN while that is unknown
 *   <li>{@code waybill.dead.letters}: about how many there are, tagged {@code queue}; NaN while that is unknown
 * </ul>
 *
 * One thread asks the broker for these, every 10 seconds, and notices what was opened and closed meanwhile; a scrape asks
 * no broker. To be closed before its Waybill. Thread-safe.
 */
public final class WaybillMetrics implements MeterBinder, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WaybillMetrics.class);
    private static final Duration INTERVAL = Duration.ofSeconds(10);

    private final Waybill waybill;
    private final List<Depth> depths;
    private final List<Bound> bound = new ArrayList<>();
    private final ScheduledExecutorService refreshing;

    /**
     * Of a Waybill, and of the messages and dead letters of these queues, which are declared as {@link Waybill#deadLetters} does.
     *
     * @throws dev.waybill.WaybillException as {@link Waybill#deadLetters} does
     */
    public WaybillMetrics(Waybill waybill, Queue<?>... queues) {
        this(waybill, INTERVAL, queues);
    }

    WaybillMetrics(Waybill waybill, Duration interval, Queue<?>... queues) {
        this.waybill = waybill;
        depths = Stream.of(queues).map(queue -> new Depth(waybill, queue)).toList();
        refreshing = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "waybill-metrics");
            thread.setDaemon(true);
            return thread;
        });
        var unused = refreshing.scheduleWithFixedDelay(this::refresh, 0, interval.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public synchronized void bindTo(MeterRegistry registry) {
        if (refreshing.isShutdown()) {
            throw new IllegalStateException("these metrics are closed");
        }
        Bound more = new Bound(registry);
        more.update(parts());
        bound.add(more);
    }

    private void refresh() {
        try {
            update();
            depths.forEach(Depth::ask);
            updateDepths();
        } catch (RuntimeException broken) {
            // The next time may be better, and there is none after a task that has thrown.
            LOG.error("the gauges cannot be brought up to date", broken);
        }
    }

    private synchronized void update() {
        Set<Part> parts = parts();
        bound.forEach(one -> one.update(parts));
    }

    private synchronized void updateDepths() {
        bound.forEach(Bound::updateDepths);
    }

    private Set<Part> parts() {
        return waybill.health().components().stream()
                .map(component -> new Part(component.kind(), component.name()))
                .collect(Collectors.toSet());
    }

    /** Ends the thread, once the broker has answered it, and removes the gauges. Idempotent. */
    @Override
    public synchronized void close() {
        // Without an interrupt, which might end a connection that others use.
        refreshing.shutdown();
        bound.forEach(Bound::close);
        bound.clear();
    }

    /** All components of a kind and a name. */
    private record Part(String kind, String name) {
        Stream<Health.Component> in(Waybill waybill) {
            return waybill.health().components().stream()
                    .filter(one -> one.kind().equals(kind) && one.name().equals(name));
        }

        double health(Waybill waybill) {
            return in(waybill)
                    .mapToDouble(one -> switch (one.status()) {
                        case UP -> 1;
                        case DEGRADED -> 0.5;
                        case DOWN -> 0;
                    })
                    .min()
                    .orElse(Double.NaN);
        }

        double messages(Waybill waybill) {
            return in(waybill).mapToInt(Health.Component::messages).sum();
        }
    }

    /** How many messages and dead letters a queue had when the broker was last asked. */
    private static final class Depth {
        private final Waybill waybill;
        private final Queue<?> queue;
        private final DeadLetters letters;
        private volatile double dead = Double.NaN;
        private volatile boolean waitingKnown;
        private volatile SortedMap<Integer, Long> waiting = Collections.emptySortedMap();

        Depth(Waybill waybill, Queue<?> queue) {
            this.waybill = waybill;
            this.queue = queue;
            letters = waybill.deadLetters(queue);
        }

        void ask() {
            try {
                dead = letters.count();
            } catch (RuntimeException unknown) {
                dead = Double.NaN;
                LOG.warn("the dead letters of {} cannot be counted: {}", queue, unknown.toString());
            }
            try {
                waiting = waybill.depths(queue);
                waitingKnown = true;
            } catch (RuntimeException unknown) {
                waitingKnown = false;
                LOG.warn("the messages of {} cannot be counted: {}", queue, unknown.toString());
            }
        }

        double waiting(int level) {
            Long last = waiting.get(level);
            return last == null || !waitingKnown ? Double.NaN : last;
        }
    }

    /** The gauges in one registry. */
    private final class Bound {
        private final MeterRegistry registry;
        private final MultiGauge health;
        private final MultiGauge held;
        private final MultiGauge inFlight;
        private final MultiGauge waiting;
        private final List<Meter> deadLetters;

        Bound(MeterRegistry registry) {
            this.registry = registry;
            health = MultiGauge.builder("waybill.health")
                    .description("1 up, 0.5 degraded, 0 down")
                    .register(registry);
            held = MultiGauge.builder("waybill.held")
                    .description("Messages received and not settled")
                    .baseUnit("messages")
                    .register(registry);
            inFlight = MultiGauge.builder("waybill.in.flight")
                    .description("Messages sent and not answered")
                    .baseUnit("messages")
                    .register(registry);
            waiting = MultiGauge.builder("waybill.depth")
                    .description("Messages that wait, about")
                    .baseUnit("messages")
                    .register(registry);
            deadLetters = depths.stream().map(this::gauge).toList();
        }

        private Meter gauge(Depth depth) {
            return Gauge.builder("waybill.dead.letters", depth, asked -> asked.dead)
                    .description("Messages in the dead-letter queue, about")
                    .baseUnit("messages")
                    .tags("queue", depth.queue.name())
                    .register(registry);
        }

        /** Those that are there already stay: their functions look for themselves. */
        void update(Set<Part> parts) {
            health.register(rows(
                    parts.stream(),
                    part -> Tags.of("kind", part.kind, "name", part.name),
                    part -> part.health(waybill)));
            held.register(ofQueues("subscription", parts));
            inFlight.register(ofQueues("producer", parts));
        }

        /** Of the levels that the broker has told of. */
        void updateDepths() {
            waiting.register(depths.stream()
                    .<Row<?>>flatMap(depth -> depth.waiting.keySet().stream()
                            .map(level -> Row.of(
                                    Tags.of("queue", depth.queue.name(), "level", level.toString()),
                                    depth,
                                    asked -> asked.waiting(level))))
                    .toList());
        }

        private List<Row<?>> ofQueues(String kind, Set<Part> parts) {
            return rows(
                    parts.stream().filter(part -> part.kind.equals(kind)),
                    part -> Tags.of("queue", part.name),
                    part -> part.messages(waybill));
        }

        private List<Row<?>> rows(Stream<Part> parts, Function<Part, Tags> tags, ToDoubleFunction<Part> value) {
            return parts.<Row<?>>map(part -> Row.of(tags.apply(part), part, value))
                    .toList();
        }

        void close() {
            Stream.of(health, held, inFlight, waiting).forEach(gauge -> gauge.register(List.of()));
            deadLetters.forEach(registry::remove);
        }
    }
}
