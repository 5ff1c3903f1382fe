package dev.waybill.rabbitmq;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ShutdownSignalException;
import dev.waybill.RetryPolicy;
import dev.waybill.TopologyException;
import dev.waybill.TopologyException.Difference;
import dev.waybill.TopologyMode;
import dev.waybill.spi.Destination;
import dev.waybill.spi.Destination.Role;
import dev.waybill.spi.QueueDefinition;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Queues as they are declared on the server, and what they share. */
final class Topology {
    private static final String QUEUE_TYPE = "x-queue-type";
    private static final int ENDS_OF_CHANNELS = 20;
    private static final String QUORUM = "quorum";
    private static final String TOPIC = "topic";
    /** Cannot be in the name of a queue, so that no other is named so. */
    static final String LANE = ":";

    private final Link link;
    private final Partitions partitions;
    /** By its name, what we have seen of a queue. */
    private final Map<String, Found> found = new ConcurrentHashMap<>();

    private volatile @Nullable Seen delays;

    Topology(Link link, Partitions partitions) {
        this.link = link;
        this.partitions = partitions;
    }

    /** The physical name. */
    static String name(Destination destination) {
        QueueDefinition queue = destination.queue();
        return destination.role() == Role.MAIN ? name(queue) : deadLetters(queue.name());
    }

    /** Without a dot, which separates what the {@link Delays} route by. */
    private static String name(QueueDefinition queue) {
        return queue.place(LANE);
    }

    private static String deadLetters(String queue) {
        return queue + ".dlq";
    }

    void declare(QueueDefinition queue, TopologyMode mode) {
        Connection connection = link.open().connection();
        ServerVersion version = ServerVersion.of(connection);
        try (Declarations declarations = new Declarations(link, mode)) {
            if (queue.priorities() > 0 || queue.lane() == 1) {
                refuseTheOther(queue, declarations);
            }
            // The dead-letter queue first: a queue whose dead letters have nowhere to go loses them.
            declarations.queue(deadLetters(queue.name()), deadLetterArguments(version));
            if (queue.ordered()) {
                new PartitionedQueue(name(queue), partitions, declarations).declare(arguments(queue, version), mode);
                found.put(name(queue), new Found(serversLimit(queue), null));
                return;
            }
            declarations.queue(name(queue), arguments(queue, version));
            found.put(
                    name(queue),
                    new Found(queue.maxDeliveries(), NativeRetry.fits(queue.retry(), version) ? queue.retry() : null));
            Seen now = new Seen(connection, mode);
            if (!now.equals(delays)) {
                delays(declarations, mode);
                delays = now;
            }
            if (mode == TopologyMode.DECLARE) {
                bindToDelays(declarations, name(queue));
            }
        }
    }

    /** What is left where the levels of a queue were kept otherwise would have no consumer. */
    private static void refuseTheOther(QueueDefinition queue, Declarations declarations) {
        boolean inOne = queue.priorities() > 0;
        String other = name(queue.withLane(1).withPriorities(inOne ? 0 : 1));
        if (declarations.hasQueue(other)) {
            String one = "in one queue";
            String several = "a queue for each level";
            throw new TopologyException(
                    "queue '" + queue.name() + "' on RabbitMQ",
                    List.of(new Difference(
                            "priorities",
                            inOne ? one : several,
                            (inOne ? several : one) + ": queue '" + other + "' exists")));
        }
    }

    /** How many messages of a queue wait for a consumer. */
    long depth(Destination destination) {
        String name = name(destination);
        List<String> queues = destination.ordered() ? partitions.of(name) : List.of(name);
        try (Channel channel = link.open().channel()) {
            long depth = 0;
            for (String queue : queues) {
                depth += channel.queueDeclarePassive(queue).getMessageCount();
            }
            return depth;
        } catch (IOException | TimeoutException | ShutdownSignalException failed) {
            throw Faults.of(failed);
        }
    }

    /** A queue that is as it was declared. The policy is that by which the server itself makes a rejected message wait, or null. */
    private record Found(int maxDeliveries, @Nullable RetryPolicy nativeRetry) {}

    /** On which connection, and how, the delays were declared last: another server may be behind the next one. */
    private record Seen(Connection connection, TopologyMode mode) {}

    /** The policy by which the server itself makes a rejected message wait; null if it does not, or if we have not looked. */
    @Nullable
    RetryPolicy nativeRetry(Destination destination) {
        Found queue = found.get(name(destination.queue()));
        return destination.role() == Role.MAIN && queue != null ? queue.nativeRetry() : null;
    }

    /** After how many deliveries the server itself moves a message; empty if we have not looked. */
    OptionalInt maxDeliveries(QueueDefinition queue) {
        // All lanes have the same.
        Found there = found.get(queue.name());
        return there == null ? OptionalInt.empty() : OptionalInt.of(there.maxDeliveries());
    }

    static Map<String, Object> arguments(QueueDefinition queue, ServerVersion version) {
        Map<String, Object> arguments = new HashMap<>();
        arguments.put(QUEUE_TYPE, QUORUM);
        // A limit of 3 means 4 deliveries.
        arguments.put("x-delivery-limit", serversLimit(queue) - 1);
        arguments.put("x-dead-letter-exchange", "");
        arguments.put("x-dead-letter-routing-key", deadLetters(queue.name()));
        arguments.put("x-dead-letter-strategy", "at-least-once");
        arguments.put("x-overflow", "reject-publish");
        if (queue.ordered()) {
            arguments.put("x-single-active-consumer", true);
        } else if (NativeRetry.fits(queue.retry(), version)) {
            arguments.putAll(NativeRetry.arguments(queue.retry()));
        }
        return arguments;
    }

    /** Where each end of a channel counts against all that was fetched ahead, the net is to be far below. */
    private static int serversLimit(QueueDefinition queue) {
        return queue.ordered() ? queue.maxDeliveries() + ENDS_OF_CHANNELS : queue.maxDeliveries();
    }

    static Map<String, Object> deadLetterArguments(ServerVersion version) {
        Map<String, Object> arguments = new HashMap<>();
        arguments.put(QUEUE_TYPE, QUORUM);
        if (version.atLeast(ServerVersion.V4_0)) {
            // What looks at dead letters must not lose them by looking often.
            arguments.put("x-delivery-limit", -1);
        }
        return arguments;
    }

    /** From the end to the entry, so that what comes in finds its whole way. */
    private static void delays(Declarations declarations, TopologyMode mode) {
        boolean binds = mode == TopologyMode.DECLARE;
        declarations.queue(Delays.UNDELIVERABLE, Map.of(QUEUE_TYPE, QUORUM));
        declarations.exchange(Delays.UNDELIVERABLE, "fanout", Map.of());
        if (binds) {
            declarations.ask(channel -> channel.queueBind(Delays.UNDELIVERABLE, Delays.UNDELIVERABLE, ""));
        }
        declarations.exchange(Delays.DUE, TOPIC, Map.of("alternate-exchange", Delays.UNDELIVERABLE));
        for (int level = 0; level < Delays.LEVELS; level++) {
            declarations.exchange(Delays.level(level), TOPIC, Map.of());
            declarations.queue(Delays.level(level), Delays.arguments(level));
            if (binds) {
                bindLevel(declarations, level);
            }
        }
        declarations.exchange(Delays.ENTRY, TOPIC, Map.of());
    }

    private static void bindLevel(Declarations declarations, int level) {
        declarations.ask(channel -> {
            for (int lower = 0; lower <= level; lower++) {
                // Answered together, by the last one.
                channel.queueBindNoWait(
                        Delays.level(lower), Delays.level(level), Delays.pattern(level, lower), Map.of());
            }
            channel.exchangeBind(Delays.DUE, Delays.level(level), Delays.passes(level));
        });
    }

    /** The end first: what the entry lets in must arrive. */
    private static void bindToDelays(Declarations declarations, String queue) {
        declarations.ask(channel -> {
            channel.queueBind(queue, Delays.DUE, Delays.all(queue));
            channel.exchangeBind(Delays.level(Delays.LEVELS - 1), Delays.ENTRY, Delays.all(queue));
        });
    }
}
