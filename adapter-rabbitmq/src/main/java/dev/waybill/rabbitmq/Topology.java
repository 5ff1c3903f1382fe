package dev.waybill.rabbitmq;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.ShutdownSignalException;
import dev.waybill.TopologyException;
import dev.waybill.TopologyException.Difference;
import dev.waybill.TopologyMode;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.BrokerException.Kind;
import dev.waybill.spi.Destination;
import dev.waybill.spi.QueueDefinition;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Queues as they are declared on the server, and how one that exists differs. */
final class Topology {
    private static final Pattern INEQUIVALENT =
            Pattern.compile("inequivalent arg '([^']+)' for .*?: received (.+) but current is (.+)");
    private static final Pattern INVALID = Pattern.compile("invalid arg '([^']+)' for ");
    private static final Pattern TYPED = Pattern.compile("(?:the value )?'(.*?)'(?: of type '(\\w+)')?");
    private static final String NONE = "none";
    private static final String DURABLE = "durable";
    private static final String AUTO_DELETE = "auto_delete";
    private static final int MOST_FIELDS = 32;

    private final Link link;

    Topology(Link link) {
        this.link = link;
    }

    /** The physical name. */
    static String name(Destination destination) {
        String queue = destination.queue().name();
        return destination.role() == Destination.Role.MAIN ? queue : deadLetters(queue);
    }

    private static String deadLetters(String queue) {
        return queue + ".dlq";
    }

    void declare(QueueDefinition queue, TopologyMode mode) {
        ServerVersion version = ServerVersion.of(link.open().connection());
        // The dead-letter queue first: a queue whose dead letters have nowhere to go loses them.
        declare(deadLetters(queue.name()), deadLetterArguments(version), mode);
        declare(queue.name(), arguments(queue), mode);
    }

    static Map<String, Object> arguments(QueueDefinition queue) {
        Map<String, Object> arguments = new HashMap<>();
        arguments.put(DURABLE, true);
        arguments.put(AUTO_DELETE, false);
        arguments.put("x-queue-type", "quorum");
        // A limit of 3 means 4 deliveries.
        arguments.put("x-delivery-limit", queue.maxDeliveries() - 1);
        arguments.put("x-dead-letter-exchange", "");
        arguments.put("x-dead-letter-routing-key", deadLetters(queue.name()));
        arguments.put("x-dead-letter-strategy", "at-least-once");
        arguments.put("x-overflow", "reject-publish");
        return arguments;
    }

    static Map<String, Object> deadLetterArguments(ServerVersion version) {
        Map<String, Object> arguments = new HashMap<>();
        arguments.put(DURABLE, true);
        arguments.put(AUTO_DELETE, false);
        arguments.put("x-queue-type", "quorum");
        if (version.atLeast(ServerVersion.V4_0)) {
            // What looks at dead letters must not lose them by looking often.
            arguments.put("x-delivery-limit", -1);
        }
        return arguments;
    }

    private void declare(String name, Map<String, Object> arguments, TopologyMode mode) {
        if (mode == TopologyMode.VERIFY && !exists(name)) {
            throw new TopologyException(
                    "queue '" + name + "' on RabbitMQ", List.of(new Difference("queue", "a quorum queue", NONE)));
        }
        @Nullable Inequality first = tryDeclare(name, arguments);
        if (first != null) {
            throw new TopologyException("queue '" + name + "' on RabbitMQ", differences(name, arguments, first));
        }
    }

    private boolean exists(String name) {
        try {
            withChannel(channel -> channel.queueDeclarePassive(name));
            return true;
        } catch (BrokerException failed) {
            if (failed.kind() == Kind.MISSING) {
                return false;
            }
            throw failed;
        }
    }

    /** One field that differs, as the server reports it. */
    private record Inequality(String field, String actual) {}

    private @Nullable Inequality tryDeclare(String name, Map<String, Object> fields) {
        Map<String, Object> arguments = new HashMap<>(fields);
        boolean durable = !Boolean.FALSE.equals(arguments.remove(DURABLE));
        boolean autoDelete = Boolean.TRUE.equals(arguments.remove(AUTO_DELETE));
        try {
            withChannel(channel -> channel.queueDeclare(name, durable, false, autoDelete, arguments));
            return null;
        } catch (BrokerException failed) {
            Inequality inequality = inequality(failed);
            if (inequality == null) {
                throw failed;
            }
            return inequality;
        }
    }

    private static @Nullable Inequality inequality(BrokerException failed) {
        ShutdownSignalException signal = Faults.signal(failed);
        if (signal == null || Faults.code(signal) != AMQP.PRECONDITION_FAILED) {
            return null;
        }
        String text = Faults.describe(failed);
        Matcher inequivalent = INEQUIVALENT.matcher(text);
        if (inequivalent.find()) {
            return new Inequality(inequivalent.group(1), inequivalent.group(3));
        }
        // A queue of another type, or a server that does not know it.
        Matcher invalid = INVALID.matcher(text);
        return invalid.find() ? new Inequality(invalid.group(1), NONE) : null;
    }

    /**
     * The server names one difference at a time: declare again with that field as it is, until it has no more to say. The queue
     * exists, so that nothing is created.
     */
    private List<Difference> differences(String name, Map<String, Object> declared, Inequality first) {
        Map<String, Object> asked = new HashMap<>(declared);
        List<Difference> differences = new ArrayList<>();
        @Nullable Inequality next = first;
        while (next != null && differences.size() < MOST_FIELDS) {
            String field = next.field();
            @Nullable Object actual = value(next.actual(), asked.get(field));
            differences.add(new Difference(
                    field,
                    String.valueOf(declared.getOrDefault(field, NONE)),
                    actual == null ? NONE : actual.toString()));
            if (actual == null) {
                asked.remove(field);
            } else {
                asked.put(field, actual);
            }
            next = tryDeclare(name, asked);
        }
        return differences;
    }

    /** The value as the server reports it, of the type that was declared: the server does not always say which it is. */
    private static @Nullable Object value(String reported, @Nullable Object declared) {
        Matcher matcher = TYPED.matcher(reported);
        if (!matcher.find()) {
            return null;
        }
        String text = matcher.group(1);
        String type = matcher.group(2);
        if (declared instanceof Boolean || "bool".equals(type)) {
            return Boolean.valueOf(text);
        }
        if (declared instanceof Number || (type != null && !type.equals("longstr"))) {
            return Long.valueOf(text);
        }
        return text;
    }

    private interface Question {
        Object ask(Channel channel) throws IOException;
    }

    private void withChannel(Question question) {
        try (Channel channel = link.open().channel()) {
            Object unused = question.ask(channel);
        } catch (IOException | TimeoutException | ShutdownSignalException failed) {
            throw Faults.of(failed);
        }
    }
}
