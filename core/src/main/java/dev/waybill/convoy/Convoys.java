package dev.waybill.convoy;

import dev.waybill.Consumer;
import dev.waybill.Health;
import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A {@link StateMachine} at work on a queue, in as many processes as there are. Thread-safe.
 *
 * <p>A message and all that it changes in the store is one transaction of the {@link ConvoyStore}: the new state, what is held, what is
 * to be sent, and what the action itself has written there ({@link Step#unwrap}). It happens exactly once, however often the message
 * comes, for as long as the convoy and its history are kept ({@link StateMachine.Builder#keepHistory}); what an action does elsewhere happens at least once.
 *
 * <p>A message that fails as often as its queue allows does not go to the dead-letter queue unless the machine says so: its convoy is
 * stuck, and the others go on.
 */
public final class Convoys implements AutoCloseable {
    private final StateMachine<?, ?, ?> machine;
    private final ConvoyOperations operations;
    private final Subscription subscription;
    private final List<Producer<?>> producers;
    private final List<ConvoyJob> jobs;
    private final ConvoyJob relay;
    private final Runnable endOfWatch;

    private <S extends Enum<S>, E, D> Convoys(
            Builder<E> builder, ConvoyStore store, StateMachine<S, E, D> machine, Consumer<E> consumer) {
        this.machine = machine;
        operations = new ConvoyOperations(store, machine.name());
        ConvoyListeners listeners = new ConvoyListeners(machine.name(), List.copyOf(builder.listeners));
        producers = new ArrayList<>();
        boolean started = false;
        try {
            Map<String, Relay.Target<?>> targets = new LinkedHashMap<>();
            Producer<E> requeue = builder.waybill.producer(builder.queue);
            producers.add(requeue);
            targets.put(builder.queue.name(), new Relay.Target<>(builder.queue, requeue));
            for (Queue<?> queue : builder.targets.values()) {
                targets.computeIfAbsent(queue.name(), name -> target(builder.waybill, queue));
            }
            Relay sender = new Relay(store, machine.name(), targets);
            relay = new ConvoyJob(listeners, "send", sender::send, System::nanoTime);
            ConvoySteps<S, E, D> steps = new ConvoySteps<>(
                    machine, builder.queue, store, targets, builder.keep.toMillis(), listeners, relay::soon);
            DueConvoys<S, E, D> dueConvoys = new DueConvoys<>(steps);
            ConvoyJob due = new ConvoyJob(listeners, "look at what is due", dueConvoys::work, System::nanoTime);
            subscription = consumer.startReturning(new ConvoyHandler<>(steps, requeue, due::soon));
            jobs = List.of(due, relay);
            jobs.forEach(job -> job.start(builder.poll.toMillis()));
            endOfWatch = builder.waybill.watch(this::background);
            started = true;
        } finally {
            if (!started) {
                producers.forEach(Producer::close);
            }
        }
    }

    private <T> Relay.Target<T> target(Waybill waybill, Queue<T> queue) {
        Producer<T> producer = waybill.producer(queue);
        producers.add(producer);
        return new Relay.Target<>(queue, producer);
    }

    /**
     * Prepares to run a machine on a queue.
     *
     * @throws IllegalArgumentException if the queue is not ordered by key
     */
    public static <E> Builder<E> of(Waybill waybill, Queue<E> queue, StateMachine<?, E, ?> machine) {
        return new Builder<>(waybill, queue, machine);
    }

    /**
     * How the subscription and the work in the background are doing, from what is known: asking costs nothing. {@link Waybill#health}
     * tells of it too.
     */
    public Health health() {
        List<Health.Component> components = new ArrayList<>();
        components.add(subscription.health());
        components.addAll(background());
        return new Health(List.copyOf(components));
    }

    private List<Health.Component> background() {
        return jobs.stream().map(ConvoyJob::health).toList();
    }

    /** What they are the convoys of. */
    public StateMachine<?, ?, ?> machine() {
        return machine;
    }

    /** What handles the messages. */
    public Subscription subscription() {
        return subscription;
    }

    /** What people do about these convoys. */
    public ConvoyOperations operations() {
        return operations;
    }

    /**
     * Closes the subscription, lets what is under way end, for up to 30 s each, sends some of what waits, and closes the producers. What
     * was not sent is, by whoever is next.
     */
    @Override
    public void close() {
        subscription.close();
        endOfWatch.run();
        jobs.forEach(ConvoyJob::stop);
        boolean interrupted = false;
        try {
            boolean ended = true;
            for (ConvoyJob job : jobs) {
                ended &= job.awaitEnd();
            }
            if (ended) {
                // What the last steps have sent; not all that is there, which may be others' as well.
                relay.run();
            }
        } catch (InterruptedException e) {
            interrupted = true;
        }
        producers.forEach(Producer::close);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Starts a machine; each method checks its value. Not thread-safe. */
    public static final class Builder<E> {
        private final Waybill waybill;
        private final Queue<E> queue;
        private final StateMachine<?, E, ?> machine;
        private final Map<String, Queue<?>> targets = new LinkedHashMap<>();
        private @Nullable ConvoyStore store;
        private UnaryOperator<Consumer<E>> consumer = UnaryOperator.identity();
        private final List<ConvoyListener> listeners = new ArrayList<>();
        private Duration keep = Duration.ofDays(7);
        private Duration poll = Duration.ofMillis(500);

        private Builder(Waybill waybill, Queue<E> queue, StateMachine<?, E, ?> machine) {
            if (!queue.isOrderedByKey()) {
                throw new IllegalArgumentException(
                        queue + " is not ordered by key, as convoys need it; see orderedByKey()");
            }
            this.waybill = Objects.requireNonNull(waybill, "waybill");
            this.queue = queue;
            this.machine = Objects.requireNonNull(machine, "machine");
        }

        /** Where the convoys are kept; there must be one. It remains the caller's to close. */
        public Builder<E> store(ConvoyStore store) {
            this.store = Objects.requireNonNull(store, "store");
            return this;
        }

        /** The queues to which actions send. */
        public Builder<E> sendsTo(Queue<?>... queues) {
            for (Queue<?> target : queues) {
                targets.put(target.name(), target);
            }
            return this;
        }

        /**
         * How messages are consumed: concurrency, circuit breaker and so on. A message whose last delivery a time limiter has ended goes
         * to the dead-letter queue, and its convoy goes on without it: the limiter has the last word. Steps that no message makes, of
         * time-outs and of what people have decided, are not limited.
         */
        public Builder<E> consumer(UnaryOperator<Consumer<E>> settings) {
            consumer = Objects.requireNonNull(settings, "consumer");
            return this;
        }

        /** Who hears of what happens; may be called several times. */
        public Builder<E> listener(ConvoyListener listener) {
            listeners.add(Objects.requireNonNull(listener, "listener"));
            return this;
        }

        /**
         * How long a convoy is kept after its end, so that messages that come late or twice are known; by default 7 days; zero to 366
         * days.
         */
        public Builder<E> keepEnded(Duration time) {
            keep = checked("keepEnded", time, Duration.ZERO, Duration.ofDays(366));
            return this;
        }

        /** How often this process looks for time-outs, and for messages that another has left to be sent; by default 500 ms; 10 ms to 1 min. */
        public Builder<E> pollEvery(Duration interval) {
            poll = checked("pollEvery", interval, Duration.ofMillis(10), Duration.ofMinutes(1));
            return this;
        }

        private static Duration checked(String what, Duration value, Duration least, Duration most) {
            if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
                throw new IllegalArgumentException(what + " is " + value + " but must be " + least + " to " + most);
            }
            return value;
        }

        /**
         * Starts. Declares the queues as {@link Waybill#producer} does, and throws what that throws.
         *
         * @throws IllegalStateException if there is no store
         */
        public Convoys start() {
            ConvoyStore given = store;
            if (given == null) {
                throw new IllegalStateException("convoys of " + machine.name() + " need a store; see store()");
            }
            return start(given, machine);
        }

        private <S extends Enum<S>, D> Convoys start(ConvoyStore given, StateMachine<S, E, D> typed) {
            return new Convoys(this, given, typed, consumer.apply(waybill.consumer(queue)));
        }
    }
}
