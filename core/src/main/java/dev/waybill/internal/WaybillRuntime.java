package dev.waybill.internal;

import dev.waybill.BrokerUnavailableException;
import dev.waybill.Capabilities;
import dev.waybill.Capability;
import dev.waybill.CapabilityException;
import dev.waybill.Codec;
import dev.waybill.ConfigException;
import dev.waybill.Consumer;
import dev.waybill.DeadLetters;
import dev.waybill.Health;
import dev.waybill.PriorityPolicy;
import dev.waybill.Producer;
import dev.waybill.ProducerOptions;
import dev.waybill.Queue;
import dev.waybill.RetryPolicy;
import dev.waybill.Subscription;
import dev.waybill.TopologyMode;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.claimcheck.ClaimCheck;
import dev.waybill.claimcheck.PayloadStore;
import dev.waybill.idempotency.IdempotencyStore;
import dev.waybill.spi.Broker;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.BrokerProvider;
import dev.waybill.spi.Destination;
import dev.waybill.spi.Destination.Role;
import dev.waybill.spi.QueueDefinition;
import io.github.resilience4j.bulkhead.BulkheadRegistry;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import io.github.resilience4j.ratelimiter.RateLimiterRegistry;
import io.github.resilience4j.timelimiter.TimeLimiterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One open Waybill: finds the adapter, declares queues, and keeps what it has opened. */
public final class WaybillRuntime implements Waybill {
    private static final CircuitBreakerConfig PAYLOAD_BREAKER = CircuitBreakerConfig.custom()
            .slidingWindowSize(10)
            .minimumNumberOfCalls(5)
            .waitDurationInOpenState(Duration.ofSeconds(2))
            .permittedNumberOfCallsInHalfOpenState(2)
            .build();
    private static final long LAST_DELETIONS_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final Settings settings;
    private final Broker broker;
    private final Engine engine;
    private final Timer timer;
    private final Registries registries;
    private final Set<ProducerImpl<?>> producers = ConcurrentHashMap.newKeySet();
    private final Set<SubscriptionImpl<?>> subscriptions = ConcurrentHashMap.newKeySet();
    private final List<Supplier<List<Health.Component>>> watched = new CopyOnWriteArrayList<>();
    private final Set<QueueDefinition> declared = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    private WaybillRuntime(
            Settings settings, Registries registries, Broker broker, Executor blocking, WaybillConfig config) {
        this.settings = settings;
        this.registries = registries;
        this.broker = broker;
        timer = new Timer();
        engine = new Engine(
                broker,
                broker.limits(),
                timer,
                blocking,
                config.time(),
                config.observer(),
                new Listeners(),
                settings.clientName,
                settings.broker,
                settings.mdc,
                new SpentPayloads(timer, blocking));
    }

    public static Waybill open(WaybillConfig config) {
        Settings settings = new Settings(config.values());
        TreeMap<String, BrokerProvider> providers = providers();
        BrokerProvider provider = providers.get(settings.broker);
        if (provider == null) {
            throw new ConfigException(
                    "waybill.broker is '" + settings.broker + "', but no adapter of that name is on the"
                            + " class path; there are: " + String.join(", ", providers.keySet())
                            + " (the adapter of X is the artifact waybill-adapter-X)");
        }
        settings.checkKeys(provider.keys(), providers.keySet());
        Registries registries = Registries.of(config);
        GuardSettings.apply(config.values(), registries);
        Executor blocking = Threads.blocking();
        Broker broker = asking(
                "cannot open " + settings.broker,
                () -> provider.open(new ContextImpl(settings, blocking, config.time())));
        return new WaybillRuntime(settings, registries, broker, blocking, config);
    }

    /** The adapters on the class path, by name. */
    static TreeMap<String, BrokerProvider> providers() {
        TreeMap<String, BrokerProvider> found = new TreeMap<>();
        for (BrokerProvider provider : ServiceLoader.load(BrokerProvider.class, ConfigSources.classLoader())) {
            BrokerProvider other = found.putIfAbsent(provider.name(), provider);
            if (other != null) {
                throw new ConfigException("two adapters on the class path are named '" + provider.name() + "': "
                        + other.getClass().getName() + " and "
                        + provider.getClass().getName());
            }
        }
        return found;
    }

    static <R> R asking(String what, Supplier<R> question) {
        try {
            return question.get();
        } catch (BrokerException failed) {
            throw new BrokerUnavailableException(what + ": " + failed.kind() + ": " + failed.getMessage(), failed);
        }
    }

    @Override
    public <T> Producer<T> producer(Queue<T> queue) {
        return producer(queue, settings.producer);
    }

    @Override
    public <T> Producer<T> producer(Queue<T> queue, ProducerOptions options) {
        @Nullable
        ClaimCheck check = options.claimCheck() != null
                ? options.claimCheck()
                : queue.claimCheck().orElse(null);
        @Nullable
        ClaimWriter claims =
                check == null ? null : new ClaimWriter(engine, queue, check, payloadBreaker(check, check.store()));
        ProducerImpl<T> producer =
                new ProducerImpl<>(engine, queue, declare(queue), options, claims, producers::remove);
        producers.add(producer);
        if (closed) {
            // Who closes may have looked before.
            producer.close();
            checkOpen();
        }
        return producer;
    }

    @Override
    public <T> Consumer<T> consumer(Queue<T> queue) {
        return new ConsumerImpl<>(
                this, declare(queue), queue.codec(), queue.claimCheck().orElse(null), settings);
    }

    @Override
    public Consumer<byte[]> deadLetterConsumer(Queue<?> queue) {
        return new ConsumerImpl<>(this, Lanes.single(deadLetters(declare(queue))), Codec.bytes(), null, settings);
    }

    @Override
    public long depth(Queue<?> queue) {
        return depths(queue).values().stream().mapToLong(Long::longValue).sum();
    }

    @Override
    public SortedMap<Integer, Long> depths(Queue<?> queue) {
        checkOpen();
        SortedMap<Integer, Long> depths = new TreeMap<>();
        Lanes lanes = lanes(queue);
        for (Destination lane : lanes.all()) {
            long depth = asking("cannot count " + queue, () -> broker.depth(lane));
            depths.merge(lanes.byLevel() ? lane.queue().lane() : 0, depth, Long::sum);
        }
        return depths;
    }

    private Lanes lanes(Queue<?> queue) {
        QueueDefinition unordered =
                new QueueDefinition(queue.name(), queue.maxDeliveries(), queue.lockDuration(), queue.retry());
        QueueDefinition definition = queue.isOrderedByKey() ? unordered.orderedByKey() : unordered;
        @Nullable
        PriorityPolicy policy = queue.prioritiesName()
                .map(settings.priorities::of)
                .or(queue::priorities)
                .orElse(null);
        return Lanes.of(definition, policy, engine.limits().maxPriorities());
    }

    private static Destination deadLetters(Lanes lanes) {
        return new Destination(lanes.first().queue(), Role.DEAD_LETTER);
    }

    @Override
    public DeadLetters deadLetters(Queue<?> queue) {
        Lanes lanes = declare(queue);
        return new DeadLettersImpl(
                this, engine, deadLetters(lanes), lanes, queue.claimCheck().orElse(null));
    }

    <T> Subscription start(
            Lanes lanes,
            Handling<T> handling,
            Guards guards,
            @Nullable IdempotencyStore store,
            @Nullable ClaimCheck check,
            int concurrency,
            int prefetch,
            Duration drainTimeout) {
        return start(
                lanes,
                handling,
                guards,
                store,
                check,
                (moves, claims) -> new Settler<>(engine, lanes, moves, claims),
                concurrency,
                prefetch,
                drainTimeout);
    }

    /** Hands the dead letters to a sweep, one at a time. */
    SubscriptionImpl<byte[]> sweep(Destination dead, Sweep sweep, int prefetch) {
        return start(
                Lanes.single(dead),
                Handling.passing(),
                Guards.NONE,
                null,
                null,
                (moves, claims) -> {
                    sweep.begin(moves);
                    return sweep;
                },
                1,
                prefetch,
                settings.drainTimeout);
    }

    private <T> SubscriptionImpl<T> start(
            Lanes lanes,
            Handling<T> handling,
            Guards guards,
            @Nullable IdempotencyStore store,
            @Nullable ClaimCheck check,
            BiFunction<Moves<T>, ClaimReader, Handling.Verdicts<T>> settling,
            int concurrency,
            int prefetch,
            Duration drainTimeout) {
        checkOpen();
        SubscriptionImpl<T> subscription = asking(
                "cannot receive from " + lanes.first(),
                () -> new SubscriptionImpl<>(
                        engine,
                        lanes,
                        handling,
                        settings.producer,
                        settling,
                        capabilities().has(Capability.UNCOUNTED_RELEASE),
                        guards,
                        store,
                        turn -> new ClaimReader(engine, check, of -> payloadBreaker(check, of), turn),
                        concurrency,
                        prefetch,
                        drainTimeout,
                        subscriptions::remove));
        subscriptions.add(subscription);
        if (closed) {
            // Who closes may have looked before.
            subscription.close(Duration.ZERO);
            checkOpen();
        }
        return subscription;
    }

    /** The circuit breaker of a payload store; the application's own, or one that needs few calls to see that a store is down. */
    private CircuitBreaker payloadBreaker(@Nullable ClaimCheck check, PayloadStore store) {
        if (check == null) {
            throw new IllegalStateException("no claim check, but a payload store: " + store.name());
        }
        return circuitBreakers().circuitBreaker(check.circuitBreaker(store), () -> PAYLOAD_BREAKER);
    }

    Lanes declare(Queue<?> queue) {
        checkOpen();
        for (Capability wanted : queue.required()) {
            if (!capabilities().has(wanted)) {
                throw new CapabilityException(queue + " requires " + wanted + " (" + wanted.sentence() + "), which "
                        + capabilities().broker() + " cannot do: "
                        + capabilities().support(wanted).note());
            }
        }
        if (queue.retry() != RetryPolicy.DEFAULT
                && !queue.retry().ceiling().isZero()
                && !capabilities().has(Capability.DELAYED_RETRY)) {
            throw new CapabilityException(queue + " is declared with retries that wait (" + queue.retry() + "), which "
                    + capabilities().broker() + " cannot do: "
                    + capabilities().support(Capability.DELAYED_RETRY).note());
        }
        if (queue.isOrderedByKey() && !capabilities().has(Capability.KEY_ORDER)) {
            throw new CapabilityException(queue + " is declared ordered by key, which "
                    + capabilities().broker() + " cannot do: "
                    + capabilities().support(Capability.KEY_ORDER).note());
        }
        Lanes lanes = lanes(queue);
        for (Destination lane : lanes.all()) {
            QueueDefinition definition = lane.queue();
            if (settings.topology != TopologyMode.OFF && !declared.contains(definition)) {
                asking("cannot declare " + queue, () -> {
                    broker.declare(definition, settings.topology);
                    return definition;
                });
                declared.add(definition);
            }
        }
        return lanes;
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("this Waybill is closed");
        }
    }

    @Override
    public Capabilities capabilities() {
        return broker.capabilities();
    }

    @Override
    public CircuitBreakerRegistry circuitBreakers() {
        return registries.circuitBreakers();
    }

    @Override
    public RateLimiterRegistry rateLimiters() {
        return registries.rateLimiters();
    }

    @Override
    public BulkheadRegistry bulkheads() {
        return registries.bulkheads();
    }

    @Override
    public TimeLimiterRegistry timeLimiters() {
        return registries.timeLimiters();
    }

    @Override
    public Health health() {
        List<Health.Component> components = new ArrayList<>(broker.health());
        producers.forEach(producer -> components.addAll(producer.health()));
        subscriptions.forEach(subscription -> components.add(subscription.health()));
        watched.forEach(parts -> components.addAll(parts.get()));
        return new Health(List.copyOf(components));
    }

    @Override
    public Runnable watch(Supplier<List<Health.Component>> parts) {
        watched.add(parts);
        return () -> watched.remove(parts);
    }

    @Override
    public <T> Optional<T> unwrap(Class<T> type) {
        return broker.unwrap(type);
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        // All stop at once, so that the longest drain is the whole wait.
        List<Thread> closing = new ArrayList<>();
        subscriptions.forEach(subscription -> closing.add(Threads.start("close", subscription::close)));
        boolean interrupted = false;
        for (Thread thread : closing) {
            interrupted |= !joined(thread);
        }
        producers.forEach(ProducerImpl::close);
        broker.close();
        engine.spent().close(LAST_DELETIONS_NANOS);
        timer.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean joined(Thread thread) {
        boolean whole = true;
        while (true) {
            try {
                thread.join();
                return whole;
            } catch (InterruptedException interrupted) {
                whole = false;
            }
        }
    }
}
