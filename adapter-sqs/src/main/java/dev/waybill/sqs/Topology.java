package dev.waybill.sqs;

import dev.waybill.TopologyException;
import dev.waybill.TopologyException.Difference;
import dev.waybill.TopologyMode;
import dev.waybill.spi.Destination;
import dev.waybill.spi.QueueDefinition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;
import software.amazon.awssdk.services.sqs.model.QueueNameExistsException;

/** Queues as they are created, and how one that exists differs. */
final class Topology {
    private static final String NONE = "none";
    private static final String RETENTION_14_DAYS =
            Long.toString(Duration.ofDays(14).toSeconds());
    private static final Pattern TARGET = Pattern.compile("\"deadLetterTargetArn\"\\s*:\\s*\"([^\"]*)\"");
    private static final Pattern LIMIT = Pattern.compile("\"maxReceiveCount\"\\s*:\\s*\"?(\\d+)\"?");

    private final SqsClient client;
    private final Map<String, String> urls = new ConcurrentHashMap<>();

    Topology(SqsClient client) {
        this.client = client;
    }

    private static String name(Destination destination) {
        String queue = destination.queue().name();
        return destination.role() == Destination.Role.MAIN ? queue : deadLetters(queue);
    }

    private static String deadLetters(String queue) {
        return queue + "-dlq";
    }

    /** Where it is. */
    String url(Destination destination) {
        try {
            return urls.computeIfAbsent(name(destination), this::ask);
        } catch (RuntimeException failed) {
            throw Faults.of(failed);
        }
    }

    private String ask(String name) {
        return client.getQueueUrl(r -> r.queueName(name)).queueUrl();
    }

    void declare(QueueDefinition queue, TopologyMode mode) {
        checkLock(queue);
        try {
            String dead = deadLetters(queue.name());
            Map<QueueAttributeName, String> retention =
                    Map.of(QueueAttributeName.MESSAGE_RETENTION_PERIOD, RETENTION_14_DAYS);
            String target = arn(declare(dead, retention, mode));
            Map<QueueAttributeName, String> attributes = new HashMap<>(retention);
            attributes.put(
                    QueueAttributeName.VISIBILITY_TIMEOUT,
                    Long.toString(queue.lockDuration().toSeconds()));
            attributes.put(
                    QueueAttributeName.REDRIVE_POLICY,
                    "{\"deadLetterTargetArn\":\"" + target + "\",\"maxReceiveCount\":" + queue.maxDeliveries() + "}");
            declare(queue.name(), attributes, mode);
        } catch (TopologyException differs) {
            throw differs;
        } catch (RuntimeException failed) {
            throw Faults.of(failed);
        }
    }

    private static void checkLock(QueueDefinition queue) {
        if (queue.lockDuration().toNanosPart() != 0) {
            throw new TopologyException(
                    "queue '" + queue.name() + "' on SQS",
                    List.of(new Difference(
                            "VisibilityTimeout", queue.lockDuration().toString(), "in whole seconds on SQS")));
        }
    }

    private String declare(String name, Map<QueueAttributeName, String> attributes, TopologyMode mode) {
        String url = find(name).orElseGet(() -> create(name, attributes, mode));
        compare(name, url, attributes);
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

    private String create(String name, Map<QueueAttributeName, String> attributes, TopologyMode mode) {
        if (mode == TopologyMode.VERIFY) {
            throw new TopologyException(
                    "queue '" + name + "' on SQS", List.of(new Difference("queue", "a standard queue", NONE)));
        }
        try {
            return client.createQueue(r -> r.queueName(name).attributes(attributes))
                    .queueUrl();
        } catch (QueueNameExistsException otherProcess) {
            return ask(name);
        }
    }

    private String arn(String url) {
        return client.getQueueAttributes(r -> r.queueUrl(url).attributeNames(QueueAttributeName.QUEUE_ARN))
                .attributes()
                .get(QueueAttributeName.QUEUE_ARN);
    }

    private void compare(String name, String url, Map<QueueAttributeName, String> declared) {
        Map<QueueAttributeName, String> actual = client.getQueueAttributes(
                        r -> r.queueUrl(url).attributeNames(QueueAttributeName.ALL))
                .attributes();
        List<Difference> differences = new ArrayList<>();
        declared.forEach((attribute, wanted) -> {
            @Nullable String found = actual.get(attribute);
            if (attribute == QueueAttributeName.REDRIVE_POLICY) {
                String policy = found == null ? "" : found;
                difference(
                        differences, "RedrivePolicy.deadLetterTargetArn", part(TARGET, wanted), part(TARGET, policy));
                difference(differences, "RedrivePolicy.maxReceiveCount", part(LIMIT, wanted), part(LIMIT, policy));
            } else if (found != null || attribute != QueueAttributeName.MESSAGE_RETENTION_PERIOD) {
                // ElasticMQ knows no retention, and says nothing of it.
                difference(differences, attribute.toString(), wanted, found == null ? NONE : found);
            }
        });
        if (!differences.isEmpty()) {
            throw new TopologyException("queue '" + name + "' on SQS", differences);
        }
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
