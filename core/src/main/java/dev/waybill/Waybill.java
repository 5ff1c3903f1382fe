package dev.waybill;

import dev.waybill.internal.WaybillRuntime;
import io.github.resilience4j.bulkhead.BulkheadRegistry;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import io.github.resilience4j.ratelimiter.RateLimiterRegistry;
import io.github.resilience4j.timelimiter.TimeLimiterRegistry;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.Supplier;

/**
 * The door: one open broker, chosen by configuration. Thread-safe; an application opens one and keeps it.
 *
 * <pre>{@code
 * CountDownLatch handled = new CountDownLatch(1);
 * try (Waybill waybill = Waybill.open(WaybillConfig.load())) {
 *     Queue<String> greetings = Queue.ofText("greetings");
 *     waybill.consumer(greetings).start(delivery -> {
 *         System.out.println(delivery.payload());
 *         handled.countDown();
 *     });
 *     waybill.producer(greetings).sendAndWait("hello");
 *     handled.await(); // to close gives back what was not started
 * }
 * }</pre>
 */
public interface Waybill extends AutoCloseable {

    /**
     * Opens the broker that {@code waybill.broker} names.
     *
     * @throws ConfigException if the configuration is wrong, or no adapter of that name is on the class path
     * @throws BrokerUnavailableException if the broker cannot be reached within {@code waybill.connect-timeout}, or refuses
     */
    static Waybill open(WaybillConfig config) {
        return WaybillRuntime.open(config);
    }

    /**
     * Declares the queue (as {@code waybill.topology} says) and opens a producer to it.
     *
     * @throws CapabilityException if the queue demands what this broker cannot do
     * @throws TopologyException if what exists differs from the declaration
     * @throws BrokerUnavailableException if the broker cannot be asked
     */
    <T> Producer<T> producer(Queue<T> queue);

    /** {@link #producer(Queue)} with bounds of its own. */
    <T> Producer<T> producer(Queue<T> queue, ProducerOptions options);

    /** Declares the queue as {@link #producer(Queue)} does, and prepares a consumer of it. */
    <T> Consumer<T> consumer(Queue<T> queue);

    /**
     * Prepares a consumer of the queue's dead letters, which arrive with their raw bodies and with headers that say why they
     * died ({@link DeadLetterHeaders}). A dead letter whose handler fails stays in the dead-letter queue. If its payload is in a store, its
     * body is the reference, and the payload stays there.
     */
    Consumer<byte[]> deadLetterConsumer(Queue<?> queue);

    /** Declares the queue as {@link #producer(Queue)} does, and gives access to its dead letters: look, redrive, purge. */
    DeadLetters deadLetters(Queue<?> queue);

    /**
     * About how many messages a queue has, as the broker counts: those that are delayed or being handled may be missing. Declares
     * nothing; blocks while the broker is asked.
     *
     * @throws BrokerUnavailableException if the broker cannot be asked, or has no such queue
     */
    long depth(Queue<?> queue);

    /**
     * The same by level, of a queue with priorities; all together as level 0 where the broker itself keeps them apart in one queue, or
     * where there are none.
     *
     * @throws BrokerUnavailableException as {@link #depth}
     */
    SortedMap<Integer, Long> depths(Queue<?> queue);

    /** What this broker can do. */
    Capabilities capabilities();

    /**
     * The circuit breakers by name: the registry of {@link WaybillConfig#circuitBreakers}, or one of this Waybill's own, with
     * those that the configuration has. For events and metrics as Resilience4j gives them.
     */
    CircuitBreakerRegistry circuitBreakers();

    /** The rate limiters by name, as {@link #circuitBreakers}. */
    RateLimiterRegistry rateLimiters();

    /** The bulkheads by name, as {@link #circuitBreakers}. */
    BulkheadRegistry bulkheads();

    /** The time limiters by name, as {@link #circuitBreakers}. */
    TimeLimiterRegistry timeLimiters();

    /** The state of every connection, producer and subscription, and of what else is watched. */
    Health health();

    /**
     * Has {@link #health} tell of something else that works on this Waybill, as convoys do by themselves.
     *
     * @param parts asked each time, on the caller's thread: must not block, and must not throw
     * @return what ends this
     */
    Runnable watch(Supplier<List<Health.Component>> parts);

    /** The vendor's client, for what is not portable; see the adapter's package documentation for the types. */
    <T> Optional<T> unwrap(Class<T> type);

    /** Closes every subscription and producer, each in its own way, and the connections. Idempotent. */
    @Override
    void close();
}
