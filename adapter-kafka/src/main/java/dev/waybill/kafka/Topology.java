package dev.waybill.kafka;

import dev.waybill.TopologyException;
import dev.waybill.TopologyException.Difference;
import dev.waybill.TopologyMode;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.QueueDefinition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
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
        GroupSpec dead = GroupSpec.deadLetters(queue, names, server);
        List<GroupSpec> groups = queue.ordered() ? List.of(dead) : List.of(GroupSpec.main(queue, names, server), dead);
        int levels = queue.ordered() ? 0 : DelayLevels.needed(queue);
        List<TopicSpec> topics = new ArrayList<>(delays(Names.place(queue), levels));
        topics.add(TopicSpec.deadLetters(names.deadLetterTopic(queue.name()), settings, server));
        topics.add(TopicSpec.main(names.topic(Names.place(queue)), queue.ordered(), settings));
        if (mode == TopologyMode.DECLARE) {
            // Groups first: whoever finds the topic must find how it is to be consumed.
            groups.forEach(this::create);
            if (queue.ordered()) {
                create(GroupSpec.ordered(Names.place(queue), names, server));
            }
            if (levels > 0) {
                create(GroupSpec.delays(Names.place(queue), names, server));
            }
            create(topics);
        }
        List<Difference> differences = new ArrayList<>();
        compare(topics, differences);
        for (GroupSpec group : groups) {
            differences.addAll(group.differences(calls.config(ConfigResource.Type.GROUP, group.name())));
        }
        if (!differences.isEmpty()) {
            throw new TopologyException("queue '" + queue.name() + "' on Kafka", differences);
        }
    }

    /** A consumer group counts nothing, and so moves nothing. */
    int limit(QueueDefinition queue) {
        return queue.ordered() ? Integer.MAX_VALUE : GroupSpec.limit(queue, server);
    }

    /** How long the group of an ordered queue waits for a sign of life of a member; where we may not ask, as long as ours do. */
    long sessionMillis(String queue) {
        try {
            return GroupSpec.sessionMillis(calls.config(ConfigResource.Type.GROUP, names.orderedGroup(queue)));
        } catch (BrokerException refused) {
            if (refused.kind() == BrokerException.Kind.UNAVAILABLE) {
                throw refused;
            }
            return GroupSpec.SESSION_MILLIS;
        }
    }

    /** Makes the delay topics up to that many levels, where they are missing. */
    void createDelays(String queue, int levels) {
        create(GroupSpec.delays(queue, names, server));
        create(delays(queue, levels));
    }

    private List<TopicSpec> delays(String queue, int levels) {
        return IntStream.range(0, levels)
                .mapToObj(level -> TopicSpec.delays(names.delayTopic(queue, level), settings))
                .toList();
    }

    private void compare(List<TopicSpec> specs, List<Difference> differences) {
        Map<String, TopicDescription> existing = calls.topics(namesOf(specs));
        List<TopicSpec> present = new ArrayList<>();
        for (TopicSpec spec : specs) {
            if (existing.containsKey(spec.name())) {
                present.add(spec);
            } else {
                differences.add(spec.missing());
            }
        }
        List<Config> configs = calls.configs(ConfigResource.Type.TOPIC, namesOf(present));
        for (int i = 0; i < present.size(); i++) {
            TopicSpec spec = present.get(i);
            differences.addAll(spec.differences(Objects.requireNonNull(existing.get(spec.name())), configs.get(i)));
        }
    }

    private static List<String> namesOf(List<TopicSpec> specs) {
        return specs.stream().map(TopicSpec::name).toList();
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
        LOG.info("configured group '{}' {}", group.name(), group.fixed());
        // The controller has it; the brokers hear of it a moment later.
        await(() -> group.existsIn(calls.config(ConfigResource.Type.GROUP, group.name())));
    }

    private void create(List<TopicSpec> specs) {
        Set<String> existing = calls.topics(namesOf(specs)).keySet();
        List<TopicSpec> missing =
                specs.stream().filter(spec -> !existing.contains(spec.name())).toList();
        if (missing.isEmpty()) {
            return;
        }
        calls.admin()
                .createTopics(missing.stream().map(TopicSpec::creation).toList())
                .values()
                .forEach(this::created);
        await(() -> calls.topics(namesOf(missing)).values().stream()
                        .filter(Topology::led)
                        .count()
                == missing.size());
        awaitLeaders(namesOf(missing));
    }

    /**
     * A leader that is elected may not know it yet: it then refuses a producer's first batch, may take the second for the first, and
     * refuses the first for good (seen with 4.4.0).
     */
    private void awaitLeaders(List<String> topics) {
        Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
        calls.topics(topics)
                .forEach((name, topic) -> topic.partitions()
                        .forEach(partition ->
                                asked.put(new TopicPartition(name, partition.partition()), OffsetSpec.latest())));
        try {
            // The client asks again while one says that it does not lead.
            calls.await(
                    "topics " + topics + " have no leaders yet",
                    calls.admin().listOffsets(asked).all());
        } catch (BrokerException late) {
            LOG.debug("sends to new topics may have to wait", late);
        }
    }

    private void created(String name, KafkaFuture<Void> answer) {
        try {
            calls.await("cannot create topic '" + name + "'", answer);
            LOG.info("created topic '{}'", name);
        } catch (BrokerException failed) {
            if (!(failed.getCause() instanceof TopicExistsException)) {
                throw failed;
            }
        }
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
