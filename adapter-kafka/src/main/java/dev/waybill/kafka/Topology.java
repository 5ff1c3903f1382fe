package dev.waybill.kafka;

import dev.waybill.TopologyException;
import dev.waybill.TopologyException.Difference;
import dev.waybill.TopologyMode;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.QueueDefinition;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.TopicExistsException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes the topics and share groups of a queue, or compares them with its declaration. */
final class Topology {
    private static final Logger LOG = LoggerFactory.getLogger(Topology.class);
    private static final long SETTLED_WITHIN_NANOS = 10_000_000_000L;
    private static final long LOOK_AGAIN_MILLIS = 20;

    private final AdminCalls calls;
    private final KafkaSettings settings;
    private final Server server;
    private final Names names;

    Topology(AdminCalls calls, KafkaSettings settings, Server server, Names names) {
        this.calls = calls;
        this.settings = settings;
        this.server = server;
        this.names = names;
    }

    void declare(QueueDefinition queue, TopologyMode mode) {
        List<GroupSpec> groups =
                List.of(GroupSpec.main(queue, names, server), GroupSpec.deadLetters(queue, names, server));
        List<TopicSpec> topics = List.of(
                TopicSpec.deadLetters(names.deadLetterTopic(queue.name()), settings, server),
                TopicSpec.main(names.topic(queue.name()), settings));
        if (mode == TopologyMode.DECLARE) {
            // Groups first: whoever finds the topic must find how it is to be consumed.
            groups.forEach(this::create);
            topics.forEach(this::create);
        }
        List<Difference> differences = new ArrayList<>();
        topics.forEach(topic -> compare(topic, differences));
        for (GroupSpec group : groups) {
            differences.addAll(group.differences(calls.config(ConfigResource.Type.GROUP, group.name())));
        }
        if (!differences.isEmpty()) {
            throw new TopologyException("queue '" + queue.name() + "' on Kafka", differences);
        }
    }

    private void compare(TopicSpec spec, List<Difference> differences) {
        Optional<TopicDescription> topic = calls.topic(spec.name());
        if (topic.isEmpty()) {
            differences.add(spec.missing());
        } else {
            differences.addAll(spec.differences(topic.get(), calls.config(ConfigResource.Type.TOPIC, spec.name())));
        }
    }

    private void create(GroupSpec group) {
        Config present = calls.config(ConfigResource.Type.GROUP, group.name());
        if (group.existsIn(present)) {
            return;
        }
        ConfigResource resource = new ConfigResource(ConfigResource.Type.GROUP, group.name());
        calls.await(
                "cannot configure share group '" + group.name() + "'",
                calls.admin()
                        .incrementalAlterConfigs(Map.of(resource, group.creation(present)))
                        .all());
        LOG.info("configured share group '{}' {}", group.name(), group.fixed());
        // The controller has it; the brokers hear of it a moment later.
        await(() -> group.existsIn(calls.config(ConfigResource.Type.GROUP, group.name())));
    }

    private void create(TopicSpec spec) {
        if (calls.topic(spec.name()).isPresent()) {
            return;
        }
        try {
            calls.await(
                    "cannot create topic '" + spec.name() + "'",
                    calls.admin().createTopics(List.of(spec.creation())).all());
            LOG.info("created topic '{}'", spec.name());
        } catch (BrokerException failed) {
            if (!(failed.getCause() instanceof TopicExistsException)) {
                throw failed;
            }
        }
        await(() -> calls.topic(spec.name()).filter(Topology::led).isPresent());
    }

    private static boolean led(TopicDescription topic) {
        return topic.partitions().stream()
                .allMatch(partition ->
                        partition.leader() != null && !partition.leader().isEmpty());
    }

    /** Gives up in silence: the comparison that follows says what is missing. */
    private static void await(BooleanSupplier there) {
        long start = System.nanoTime();
        while (!there.getAsBoolean() && System.nanoTime() - start < SETTLED_WITHIN_NANOS) {
            try {
                Thread.sleep(LOOK_AGAIN_MILLIS);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }
}
