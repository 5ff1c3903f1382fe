package dev.waybill.micrometer;

import dev.waybill.Death;
import dev.waybill.Delivery;
import dev.waybill.Outcome;
import dev.waybill.PriorityPolicy;
import dev.waybill.WaybillObserver;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Reports to a Micrometer registry, each meter tagged with {@code queue}:
 *
 * <ul>
 *   <li>{@code waybill.send}: timer of sends, tagged {@code result} stored or failed
 *   <li>{@code waybill.handle}: timer of handlers, tagged {@code outcome}
 *   <li>{@code waybill.wait}: timer from the sending of a message to its first handling, or, where it was delayed in a queue with
 *       priorities, since it was due; tagged {@code level} and {@code tier}, which are 0 and {@code none} where there are no priorities
 *   <li>{@code waybill.targets.missed}: counter of messages that waited longer than the target of their tier, tagged {@code tier}
 *   <li>{@code waybill.dead.lettered}: counter of messages that died, tagged {@code reason}, a {@link Death.Cause}, and
 *       {@code exception}, the simple name of its class or {@code none}; after {@value #MOST_EXCEPTIONS} names it is {@code other}
 *   <li>{@code waybill.received}, {@code waybill.retried}, {@code waybill.discarded}, {@code waybill.duplicates},
 *       {@code waybill.redriven}, {@code waybill.stuck}, {@code waybill.locks.lost}, {@code waybill.recoveries}: counters
 * </ul>
 *
 * What is there, rather than what happens, is in {@link WaybillMetrics}. Thread-safe. Meters are made once per queue, not looked up
 * per message.
 */
public final class MicrometerObserver implements WaybillObserver {
    private static final int MOST_EXCEPTIONS = 100;

    private final MeterRegistry registry;
    private final Map<String, Meters> byQueue = new ConcurrentHashMap<>();
    private final Set<String> exceptions = new HashSet<>();

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
    public @Nullable Handling handling(String broker, String queue, List<? extends Delivery<?>> deliveries) {
        long now = System.currentTimeMillis();
        for (int i = 0; i < deliveries.size(); i++) {
            Delivery<?> delivery = deliveries.get(i);
            long since = delivery.waitingSinceMillis();
            if (since > 0) {
                of(queue).level(delivery).waited(now - since);
            }
        }
        return null;
    }

    @Override
    public void handled(String queue, Outcome.Kind outcome, long nanos) {
        Timer timer = of(queue).handled.get(outcome);
        if (timer != null) {
            timer.record(nanos, TimeUnit.NANOSECONDS);
        }
    }

    @Override
    public void retried(String queue, long delayMillis) {
        of(queue).retried.increment();
    }

    @Override
    public void discarded(String queue) {
        of(queue).discarded.increment();
    }

    @Override
    public void duplicate(String queue) {
        of(queue).duplicates.increment();
    }

    @Override
    public void deadLettered(Death death) {
        // Rare enough for a look-up, which finds the same counter for the same tags.
        Counter.builder("waybill.dead.lettered")
                .description("Messages that went to the dead-letter queue")
                .baseUnit("messages")
                .tags("queue", death.queue())
                .tags("reason", lower(death.cause()))
                .tags("exception", death.error().map(this::exception).orElse("none"))
                .register(registry)
                .increment();
    }

    /** Applications that make up classes as they go must not make up meters without end. */
    private synchronized String exception(String className) {
        String name = simple(className);
        if (exceptions.size() < MOST_EXCEPTIONS) {
            exceptions.add(name);
        }
        return exceptions.contains(name) ? name : "other";
    }

    private static String simple(String className) {
        String name = className.substring(className.lastIndexOf('.') + 1);
        String nested = name.substring(name.lastIndexOf('$') + 1);
        // An anonymous class has no name but its number.
        return nested.matches("\\d*") ? name : nested;
    }

    private static String lower(Enum<?> one) {
        return one.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public void redriven(String queue) {
        of(queue).redriven.increment();
    }

    @Override
    public void stuck(String queue) {
        of(queue).stuck.increment();
    }

    @Override
    public void lockLost(String queue) {
        of(queue).locksLost.increment();
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
        private final String queue;
        private final AtomicReferenceArray<@Nullable Level> levels =
                new AtomicReferenceArray<>(PriorityPolicy.MOST_LEVELS);
        final Map<Outcome.Kind, Timer> handled = new EnumMap<>(Outcome.Kind.class);
        final Counter retried;
        final Counter discarded;
        final Counter duplicates;
        final Counter redriven;
        final Counter stuck;
        final Counter locksLost;
        final Counter recoveries;

        Meters(String queue) {
            this.queue = queue;
            stored = timer("send", "How long sends take until the broker has answered", queue, "result", "stored");
            failed = timer("send", "How long sends take until the broker has answered", queue, "result", "failed");
            received = messages("received", "Messages received", queue);
            for (Outcome.Kind kind : Outcome.Kind.values()) {
                handled.put(
                        kind,
                        timer("handle", "How long handlers take, by what they say", queue, "outcome", lower(kind)));
            }
            retried = messages("retried", "Messages to be delivered again since their handler failed", queue);
            discarded = messages("discarded", "Messages dropped since the policy discards such a failure", queue);
            duplicates = messages("duplicates", "Messages that came and had been handled already", queue);
            redriven = messages("redriven", "Dead letters sent back to be handled", queue);
            stuck = counter("stuck", "Copies that could not be sent, and are tried again", "attempts", queue);
            locksLost = counter("locks.lost", "Locks lost while their message was held", null, queue);
            recoveries = counter("recoveries", "Connections lost, and opened again", "connections", queue);
        }

        Level level(Delivery<?> delivery) {
            int number = delivery.priority();
            Level level = levels.get(number);
            if (level == null) {
                // Twice at once finds the same meters.
                level = new Level(number, delivery.tier());
                levels.set(number, level);
            }
            return level;
        }

        /** The meters of one level. */
        private final class Level {
            private final Timer wait;
            private final @Nullable Counter missed;
            private final long targetMillis;

            Level(int number, Optional<PriorityPolicy.Tier> tier) {
                String name = tier.map(PriorityPolicy.Tier::name).orElse("none");
                wait = Timer.builder("waybill.wait")
                        .description("How long messages wait until their first handling")
                        .tags("queue", queue, "level", Integer.toString(number), "tier", name)
                        .register(registry);
                missed = tier.isEmpty()
                        ? null
                        : Counter.builder("waybill.targets.missed")
                                .description("Messages that waited longer than the target of their tier")
                                .baseUnit("messages")
                                .tags("queue", queue, "tier", name)
                                .register(registry);
                targetMillis = tier.map(one -> one.target().toMillis()).orElse(Long.MAX_VALUE);
            }

            void waited(long millis) {
                wait.record(Math.max(0, millis), TimeUnit.MILLISECONDS);
                if (missed != null && millis > targetMillis) {
                    missed.increment();
                }
            }
        }

        private Timer timer(String name, String description, String queue, String tag, String value) {
            return Timer.builder("waybill." + name)
                    .description(description)
                    .tags("queue", queue)
                    .tags(tag, value)
                    .register(registry);
        }

        private Counter messages(String name, String description, String queue) {
            return counter(name, description, "messages", queue);
        }

        private Counter counter(String name, String description, @Nullable String unit, String queue) {
            return Counter.builder("waybill." + name)
                    .description(description)
                    .baseUnit(unit)
                    .tags("queue", queue)
                    .register(registry);
        }
    }
}
