package dev.waybill.sqs;

import dev.waybill.TopologyException;
import dev.waybill.TopologyException.Difference;
import dev.waybill.TopologyMode;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.BrokerException.Kind;
import dev.waybill.spi.Destination;
import dev.waybill.spi.QueueDefinition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;
import software.amazon.awssdk.services.sqs.model.QueueNameExistsException;

/** Queues as they are created, how one that exists differs, and where they are. */
final class Topology {
    /** Names have nothing but what a queue's may have; this nobody is likely to take. */
    private static final String LANE = "-waybill-";

    /** What the name of a FIFO queue must end with. */
    private static final String FIFO = ".fifo";

    private static final String NONE = "none";
    private static final String RETENTION_14_DAYS =
            Long.toString(Duration.ofDays(14).toSeconds());
    private static final Pattern TARGET = Pattern.compile("\"deadLetterTargetArn\"\\s*:\\s*\"([^\"]*)\"");
    private static final String DEAD = "-dlq";
    private static final int ENDS_OF_CONSUMERS = 20;
    private static final Pattern LIMIT = Pattern.compile("\"maxReceiveCount\"\\s*:\\s*\"?(\\d+)\"?");

    /** What ElasticMQ, a double of SQS, does not know and says nothing of. */
    private static final Set<QueueAttributeName> UNTOLD = Set.of(
            QueueAttributeName.MESSAGE_RETENTION_PERIOD,
            QueueAttributeName.DEDUPLICATION_SCOPE,
            QueueAttributeName.FIFO_THROUGHPUT_LIMIT);

    private static final List<QueueAttributeName> COUNTS = List.of(
            QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES,
            QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES_NOT_VISIBLE,
            QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES_DELAYED);

    /** How long SQS may take until all of it knows of a new queue. */
    private static final Duration SETTLES_WITHIN = Duration.ofSeconds(5);

    private static final long LOOK_AGAIN_MILLIS = 200;

    private final SqsClient client;
    private final Map<String, String> urls = new ConcurrentHashMap<>();

    Topology(SqsClient client) {
        this.client = client;
    }

    /** The queue's lock duration as SQS can keep it: in whole seconds, and rather longer than shorter. */
    static Duration lock(QueueDefinition queue) {
        Duration whole = Duration.ofSeconds(queue.lockDuration().toSeconds());
        return whole.equals(queue.lockDuration()) ? whole : whole.plusSeconds(1);
    }

    /**
     * What SQS does with a message whose dead-letter queue is gone it does not say, so core is to move it first. Where each end of a
     * consumer counts against all that it was given of a group, the net is to be far below.
     */
    static int limit(QueueDefinition queue) {
        return queue.ordered() ? queue.wideLimit() + ENDS_OF_CONSUMERS : queue.wideLimit();
    }

    /**
     * The highest count of deliveries that means anything: one answer hands out many messages of a group, and whoever dies of the first
     * has counted against all. So there the counts say no more than that a message may be a repetition.
     */
    static int mostCounted(Destination destination) {
        return destination.ordered() ? 2 : Integer.MAX_VALUE;
    }

    private static String name(Destination destination) {
        QueueDefinition queue = destination.queue();
        return destination.role() == Destination.Role.MAIN ? name(queue) : deadLetters(queue);
    }

    private static String name(QueueDefinition queue) {
        return queue.place(LANE) + suffix(queue);
    }

    /** The queue that a place is a lane of, or is. */
    static String queueOf(String place) {
        return place.replaceFirst("(" + LANE + "p[0-9]+|" + Pattern.quote(FIFO) + ")$", "");
    }

    /** The dead letters of a FIFO queue must be one too. */
    private static String deadLetters(QueueDefinition queue) {
        return queue.name() + DEAD + suffix(queue);
    }

    private static String suffix(QueueDefinition queue) {
        return queue.ordered() ? FIFO : "";
    }

    /** Where it is; SQS is asked unless that is known. */
    String url(Destination destination) {
        String name = name(destination);
        String known = urls.get(name);
        if (known != null) {
            return known;
        }
        try {
            String asked = ask(name);
            urls.put(name, asked);
            return asked;
        } catch (RuntimeException failed) {
            throw Faults.of(failed);
        }
    }

    /** Something went wrong there: the next who wants it asks SQS again, and so learns whether it is there and answers. */
    void forget(Destination destination) {
        urls.remove(name(destination));
    }

    /** How many messages there are, those that are locked or delayed too; SQS counts approximately. */
    long depth(Destination destination) {
        try {
            Map<QueueAttributeName, String> attributes = client.getQueueAttributes(
                            r -> r.queueUrl(url(destination)).attributeNames(COUNTS))
                    .attributes();
            return COUNTS.stream()
                    .mapToLong(count -> Long.parseLong(attributes.getOrDefault(count, "0")))
                    .sum();
        } catch (BrokerException failed) {
            throw failed;
        } catch (RuntimeException failed) {
            throw Faults.of(failed);
        }
    }

    private String ask(String name) {
        return client.getQueueUrl(r -> r.queueName(name)).queueUrl();
    }

    void declare(QueueDefinition queue, TopologyMode mode) {
        if (queue.name().endsWith(DEAD)) {
            throw new IllegalArgumentException(
                    "queue '" + queue.name() + "' cannot be had on SQS: names that end in " + DEAD
                            + " are those of dead-letter queues, as this is of queue '"
                            + queue.name().substring(0, queue.name().length() - DEAD.length()) + "'");
        }
        try {
            List<Difference> differences = new ArrayList<>();
            String dead = deadLetters(queue);
            Map<QueueAttributeName, String> attributes = new EnumMap<>(QueueAttributeName.class);
            attributes.put(QueueAttributeName.MESSAGE_RETENTION_PERIOD, RETENTION_14_DAYS);
            if (queue.ordered()) {
                attributes.put(QueueAttributeName.FIFO_QUEUE, "true");
                // Without these a queue takes 300 requests a second in all, rather than for each key.
                attributes.put(QueueAttributeName.DEDUPLICATION_SCOPE, "messageGroup");
                attributes.put(QueueAttributeName.FIFO_THROUGHPUT_LIMIT, "perMessageGroupId");
            }
            @Nullable String deadUrl = declare(dead, attributes, mode, differences);
            attributes.put(
                    QueueAttributeName.VISIBILITY_TIMEOUT,
                    Long.toString(lock(queue).toSeconds()));
            attributes.put(
                    QueueAttributeName.REDRIVE_POLICY,
                    "{\"deadLetterTargetArn\":\"" + (deadUrl == null ? dead : arn(deadUrl)) + "\",\"maxReceiveCount\":"
                            + limit(queue) + "}");
            declare(name(queue), attributes, mode, differences);
            if (!differences.isEmpty()) {
                throw new TopologyException("queue '" + queue.name() + "' on SQS", differences);
            }
        } catch (TopologyException differs) {
            throw differs;
        } catch (RuntimeException failed) {
            throw Faults.of(failed);
        }
    }

    /** Returns its URL, or null if it is missing and only to be verified. */
    private @Nullable String declare(
            String name, Map<QueueAttributeName, String> attributes, TopologyMode mode, List<Difference> differences) {
        Optional<String> found = find(name);
        if (found.isEmpty()) {
            if (mode == TopologyMode.VERIFY) {
                differences.add(new Difference(
                        "queue " + name, name.endsWith(FIFO) ? "a FIFO queue" : "a standard queue", NONE));
                return null;
            }
            found = create(name, attributes);
        }
        String url = found.orElseGet(() -> ask(name));
        compare(name, url, attributes, differences);
        urls.put(name, url);
        return url;
    }

    private Optional<String> find(String name) {
        try {
            return Optional.of(ask(name));
        } catch (RuntimeException failed) {
            if (Faults.missing(failed)) {
                return Optional.empty();
            }
            throw failed;
        }
    }

    /** Empty if another process was first, with other attributes. */
    private Optional<String> create(String name, Map<QueueAttributeName, String> attributes) {
        try {
            return Optional.of(client.createQueue(r -> r.queueName(name).attributes(attributes))
                    .queueUrl());
        } catch (QueueNameExistsException otherProcess) {
            return Optional.empty();
        }
    }

    private String arn(String url) {
        return attributes(url).getOrDefault(QueueAttributeName.QUEUE_ARN, NONE);
    }

    /** A queue that was created just now may not be known to all of SQS yet. */
    private Map<QueueAttributeName, String> attributes(String url) {
        long end = System.nanoTime() + SETTLES_WITHIN.toNanos();
        while (true) {
            try {
                return client.getQueueAttributes(r -> r.queueUrl(url).attributeNames(QueueAttributeName.ALL))
                        .attributes();
            } catch (RuntimeException failed) {
                if (!Faults.missing(failed) || System.nanoTime() - end > 0) {
                    throw failed;
                }
                pause(failed);
            }
        }
    }

    private static void pause(RuntimeException failed) {
        try {
            Thread.sleep(LOOK_AGAIN_MILLIS);
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            throw new BrokerException(Kind.MISSING, Faults.describe(failed), failed);
        }
    }

    private void compare(
            String name, String url, Map<QueueAttributeName, String> declared, List<Difference> differences) {
        Map<QueueAttributeName, String> actual = attributes(url);
        declared.forEach((attribute, wanted) -> {
            @Nullable String found = actual.get(attribute);
            String field = name + " " + attribute;
            if (attribute == QueueAttributeName.REDRIVE_POLICY) {
                String policy = found == null ? "" : found;
                difference(differences, field + ".deadLetterTargetArn", part(TARGET, wanted), part(TARGET, policy));
                difference(differences, field + ".maxReceiveCount", part(LIMIT, wanted), part(LIMIT, policy));
            } else if (found != null || !UNTOLD.contains(attribute)) {
                difference(differences, field, wanted, found == null ? NONE : found);
            }
        });
    }

    private static void difference(List<Difference> differences, String field, String declared, String actual) {
        if (!declared.equals(actual)) {
            differences.add(new Difference(field, declared, actual));
        }
    }

    private static String part(Pattern pattern, String policy) {
        Matcher matcher = pattern.matcher(policy);
        return matcher.find() ? matcher.group(1) : NONE;
    }
}
