package dev.waybill.rabbitmq;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.ShutdownSignalException;
import dev.waybill.TopologyException;
import dev.waybill.TopologyException.Difference;
import dev.waybill.TopologyMode;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.BrokerException.Kind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Declares or verifies queues and exchanges, and finds how one that exists differs. Of a few in turn, by one thread: the server
 * ends the channel with each answer that is no, and the next question opens another.
 */
final class Declarations implements AutoCloseable {
    private static final Pattern INEQUIVALENT =
            Pattern.compile("inequivalent arg '([^']+)' for .*?: received (.+) but current is (.+)");
    private static final Pattern INVALID = Pattern.compile("invalid arg '([^']+)' for ");
    private static final Pattern TYPED = Pattern.compile("(?:the value )?'(.*?)'(?: of type '(\\w+)')?");
    private static final String NONE = "none";
    private static final String DURABLE = "durable";
    private static final String AUTO_DELETE = "auto_delete";
    private static final String TYPE = "type";
    private static final int MOST_FIELDS = 32;
    private static final long MADE_WITHIN_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long LOOK_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private final Link link;
    private final TopologyMode mode;
    private @Nullable Channel channel;

    Declarations(Link link, TopologyMode mode) {
        this.link = link;
        this.mode = mode;
    }

    /** A durable queue. */
    void queue(String name, Map<String, Object> arguments) {
        Map<String, Object> fields = new HashMap<>(arguments);
        fields.put(DURABLE, true);
        fields.put(AUTO_DELETE, false);
        declare(new Queue(name), fields);
    }

    /** A durable exchange. */
    void exchange(String name, String type, Map<String, Object> arguments) {
        Map<String, Object> fields = new HashMap<>(arguments);
        fields.put(DURABLE, true);
        fields.put(AUTO_DELETE, false);
        fields.put(TYPE, type);
        declare(new Exchange(name), fields);
    }

    /** What can be declared. */
    private interface Thing {
        /** For an error message. */
        String kind();

        String name();

        String expected();

        void find(Channel channel) throws IOException;

        /** Takes what AMQP does not have among the arguments out of them. */
        void declare(Channel channel, Map<String, Object> fields) throws IOException;
    }

    private record Queue(String name) implements Thing {
        @Override
        public String kind() {
            return "queue";
        }

        @Override
        public String expected() {
            return "a quorum queue";
        }

        @Override
        public void find(Channel channel) throws IOException {
            channel.queueDeclarePassive(name);
        }

        @Override
        public void declare(Channel channel, Map<String, Object> fields) throws IOException {
            boolean durable = taken(fields, DURABLE);
            boolean autoDelete = taken(fields, AUTO_DELETE);
            channel.queueDeclare(name, durable, false, autoDelete, fields);
        }
    }

    private record Exchange(String name) implements Thing {
        @Override
        public String kind() {
            return "exchange";
        }

        @Override
        public String expected() {
            return "an exchange";
        }

        @Override
        public void find(Channel channel) throws IOException {
            channel.exchangeDeclarePassive(name);
        }

        @Override
        public void declare(Channel channel, Map<String, Object> fields) throws IOException {
            boolean durable = taken(fields, DURABLE);
            boolean autoDelete = taken(fields, AUTO_DELETE);
            String type = String.valueOf(fields.remove(TYPE));
            channel.exchangeDeclare(name, type, durable, autoDelete, fields);
        }
    }

    private static boolean taken(Map<String, Object> fields, String field) {
        return Boolean.TRUE.equals(fields.remove(field));
    }

    private void declare(Thing thing, Map<String, Object> fields) {
        String what = thing.kind() + " '" + thing.name() + "' on RabbitMQ";
        if (mode == TopologyMode.VERIFY && !exists(thing)) {
            throw new TopologyException(what, List.of(new Difference(thing.kind(), thing.expected(), NONE)));
        }
        @Nullable Inequality first = tryDeclare(thing, fields);
        if (first != null) {
            throw new TopologyException(what, differences(thing, fields, first));
        }
    }

    /** Whether there is a queue of that name, whatever it is like. */
    boolean hasQueue(String name) {
        return exists(new Queue(name));
    }

    /** Whether there is an exchange of that name, whatever it is like. */
    boolean hasExchange(String name) {
        return exists(new Exchange(name));
    }

    private boolean exists(Thing thing) {
        try {
            ask(thing::find);
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

    private @Nullable Inequality tryDeclare(Thing thing, Map<String, Object> fields) {
        long began = System.nanoTime();
        while (true) {
            try {
                ask(open -> thing.declare(open, new HashMap<>(fields)));
                return null;
            } catch (BrokerException failed) {
                Inequality inequality = inequality(failed);
                if (inequality != null) {
                    return inequality;
                }
                if (!isBeingMade(failed) || System.nanoTime() - began > MADE_WITHIN_NANOS) {
                    throw failed;
                }
                LockSupport.parkNanos(this, LOOK_AGAIN_NANOS);
            }
        }
    }

    /** Whether the server knows of a queue that does not run: when several declare it at once, it is just about to. */
    private static boolean isBeingMade(BrokerException failed) {
        return failed.kind() == Kind.MISSING && Faults.describe(failed).contains("is down or inaccessible");
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
     * The server names one difference at a time: declare again with that field as it is, until it has no more to say. The thing
     * exists, so that nothing is created.
     */
    private List<Difference> differences(Thing thing, Map<String, Object> declared, Inequality first) {
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
            next = tryDeclare(thing, asked);
        }
        return differences;
    }

    /** The value as the server reports it, of the type that was declared: the server does not always say which it is. */
    private static @Nullable Object value(String reported, @Nullable Object declared) {
        // The type of an exchange that a plugin brings stands in quotes of its own.
        Matcher matcher = TYPED.matcher(reported.replace("''", "'"));
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

    /** Something that the server is asked on a channel. */
    interface Question {
        void on(Channel channel) throws IOException;
    }

    /** Asks, and throws what the server or the connection answers instead of yes, classified. */
    void ask(Question question) {
        try {
            Channel open = channel;
            if (open == null || !open.isOpen()) {
                open = link.open().channel();
                channel = open;
            }
            question.on(open);
        } catch (IOException | ShutdownSignalException failed) {
            throw Faults.of(failed);
        }
    }

    @Override
    public void close() {
        Channel open = channel;
        if (open == null || !open.isOpen()) {
            return;
        }
        try {
            open.close();
        } catch (IOException | TimeoutException | ShutdownSignalException failed) {
            throw Faults.of(failed);
        }
    }
}
