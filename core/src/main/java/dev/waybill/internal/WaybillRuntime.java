package dev.waybill.internal;

import dev.waybill.BrokerUnavailableException;
import dev.waybill.Capabilities;
import dev.waybill.Capability;
import dev.waybill.CapabilityException;
import dev.waybill.Codec;
import dev.waybill.ConfigException;
import dev.waybill.Consumer;
import dev.waybill.Health;
import dev.waybill.Producer;
import dev.waybill.ProducerOptions;
import dev.waybill.Queue;
import dev.waybill.Subscription;
import dev.waybill.TopologyMode;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.spi.Broker;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.BrokerProvider;
import dev.waybill.spi.Destination;
import dev.waybill.spi.Destination.Role;
import dev.waybill.spi.QueueDefinition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/** One open Waybill: finds the adapter, declares queues, and keeps what it has opened. */
public final class WaybillRuntime implements Waybill {
    private final Settings settings;
    private final Broker broker;
    private final Engine engine;
    private final Timer timer;
    private final Set<ProducerImpl<?>> producers = ConcurrentHashMap.newKeySet();
    private final Set<SubscriptionImpl<?>> subscriptions = ConcurrentHashMap.newKeySet();
    private final Set<QueueDefinition> declared = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    private WaybillRuntime(Settings settings, Broker broker, Executor blocking, WaybillConfig config) {
        this.settings = settings;
        this.broker = broker;
        timer = new Timer();
        engine = new Engine(broker, broker.limits(), timer, blocking, config.time(), config.observer());
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
        Executor blocking = Threads.blocking();
        Broker broker = asking(
                "cannot open " + settings.broker,
                () -> provider.open(new ContextImpl(settings, blocking, config.time())));
        return new WaybillRuntime(settings, broker, blocking, config);
    }

    private static TreeMap<String, BrokerProvider> providers() {
        TreeMap<String, BrokerProvider> found = new TreeMap<>();
        for (BrokerProvider provider : ServiceLoader.load(BrokerProvider.class)) {
            BrokerProvider other = found.putIfAbsent(provider.name(), provider);
            if (other != null) {
                throw new ConfigException("two adapters on the class path are named '" + provider.name() + "': "
                        + other.getClass().getName() + " and "
                        + provider.getClass().getName());
            }
        }
        return found;
    }

    private static <R> R asking(String what, Supplier<R> question) {
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
        QueueDefinition definition = declare(queue);
        SendPipe pipe = asking(
                "cannot send to " + queue, () -> new SendPipe(engine, new Destination(definition, Role.MAIN), options));
        ProducerImpl<T> producer = new ProducerImpl<>(engine, queue, pipe, producers::remove);
        producers.add(producer);
        return producer;
    }

    @Override
    public <T> Consumer<T> consumer(Queue<T> queue) {
        return new ConsumerImpl<>(this, new Destination(declare(queue), Role.MAIN), queue.codec(), settings);
    }

    @Override
    public Consumer<byte[]> deadLetterConsumer(Queue<?> queue) {
        return new ConsumerImpl<>(this, new Destination(declare(queue), Role.DEAD_LETTER), Codec.bytes(), settings);
    }

    <T> Subscription start(
            Destination destination, Handling<T> handling, int concurrency, int prefetch, Duration drainTimeout) {
        checkOpen();
        Destination dead = new Destination(destination.queue(), Role.DEAD_LETTER);
        SubscriptionImpl<T> subscription = asking(
                "cannot receive from " + destination,
                () -> new SubscriptionImpl<>(
                        engine,
                        destination,
                        handling,
                        destination.role() == Role.DEAD_LETTER
                                ? null
                                : new DeadLetterSink(engine, dead, settings.producer),
                        capabilities().has(Capability.UNCOUNTED_RELEASE),
                        concurrency,
                        prefetch,
                        drainTimeout,
                        subscriptions::remove));
        subscriptions.add(subscription);
        return subscription;
    }

    private QueueDefinition declare(Queue<?> queue) {
        checkOpen();
        for (Capability wanted : queue.required()) {
            if (!capabilities().has(wanted)) {
                throw new CapabilityException(queue + " requires " + wanted + " (" + wanted.sentence() + "), which "
                        + capabilities().broker() + " cannot do: "
                        + capabilities().support(wanted).note());
            }
        }
        QueueDefinition definition = new QueueDefinition(queue.name(), queue.maxDeliveries(), queue.lockDuration());
        if (settings.topology != TopologyMode.OFF && !declared.contains(definition)) {
            asking("cannot declare " + queue, () -> {
                broker.declare(definition, settings.topology);
                return definition;
            });
            declared.add(definition);
        }
        return definition;
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
    public Health health() {
        List<Health.Component> components = new ArrayList<>(broker.health());
        producers.forEach(producer -> components.add(producer.pipe().health()));
        subscriptions.forEach(subscription -> components.add(subscription.health()));
        return new Health(List.copyOf(components));
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
