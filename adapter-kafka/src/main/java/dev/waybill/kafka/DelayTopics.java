package dev.waybill.kafka;

import java.util.Collection;
import java.util.Collections;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;

/** Which delay topics there are, and makes those that a sender misses of queues that we declared. Thread-safe. */
final class DelayTopics {
    private final AdminCalls calls;
    private final Topology topology;
    private final Names names;
    private final Runnable onCreate;
    private final Set<String> declared = ConcurrentHashMap.newKeySet();
    private final Set<String> known = ConcurrentHashMap.newKeySet();

    /** @param onCreate called when topics were made */
    DelayTopics(AdminCalls calls, Topology topology, Names names, Runnable onCreate) {
        this.calls = calls;
        this.topology = topology;
        this.names = names;
        this.onCreate = onCreate;
    }

    /** The queue was declared, or only verified. */
    void declared(String queue, boolean ours) {
        if (ours) {
            declared.add(queue);
        } else {
            declared.remove(queue);
        }
    }

    /**
     * The topic for messages that are to wait for so long, or empty if it is missing and not for us to make.
     *
     * @throws dev.waybill.spi.BrokerException if the broker cannot be asked, or refuses to make it
     */
    Optional<String> topic(String queue, long millis) {
        int level = DelayLevels.level(millis);
        String topic = name(queue, level);
        if (known.contains(topic) || calls.topic(topic).isPresent()) {
            known.add(topic);
            return Optional.of(topic);
        }
        if (!declared.contains(queue)) {
            return Optional.empty();
        }
        topology.createDelays(queue, level + 1);
        known.add(topic);
        onCreate.run();
        return Optional.of(topic);
    }

    /** Something looks as if it were gone. */
    void doubt(String topic) {
        known.remove(topic);
    }

    /** Those levels of a queue that exist, as the broker says now. */
    NavigableSet<Integer> existing(String queue) {
        return existing(queue, calls.topics(all(queue)).keySet());
    }

    String name(String queue, int level) {
        return names.delayTopic(queue, level);
    }

    /** Those that a queue may have. */
    Collection<String> all(String queue) {
        return IntStream.range(0, DelayLevels.COUNT)
                .mapToObj(level -> name(queue, level))
                .toList();
    }

    /** The levels of a queue whose topics are among these. */
    NavigableSet<Integer> existing(String queue, Set<String> topics) {
        NavigableSet<Integer> levels = new TreeSet<>();
        for (int level = 0; level < DelayLevels.COUNT; level++) {
            if (topics.contains(name(queue, level))) {
                levels.add(level);
            }
        }
        return Collections.unmodifiableNavigableSet(levels);
    }
}
