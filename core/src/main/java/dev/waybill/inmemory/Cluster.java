package dev.waybill.inmemory;

import dev.waybill.ConfigException;
import dev.waybill.TopologyException;
import dev.waybill.TopologyException.Difference;
import dev.waybill.TopologyMode;
import dev.waybill.spi.Destination;
import dev.waybill.spi.QueueDefinition;
import dev.waybill.spi.TimeSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The queues that one or several Waybills share: what a server would be. */
final class Cluster {
    /** The shared ones by name. Guarded by itself. */
    private static final Map<String, Cluster> SHARED = new HashMap<>();

    private final Address address;
    private final TimeSource time;
    private final Map<String, Declared> queues = new ConcurrentHashMap<>();
    private final Runnable wakeAll = this::wakeAll;
    /** Guarded by {@link #SHARED}. */
    private int members;

    private Cluster(Address address, TimeSource time) {
        this.address = address;
        this.time = time;
        if (time instanceof SettableTime settable) {
            settable.onAdvance(wakeAll);
        }
    }

    /** The shared one of that name, or a new one. */
    static Cluster join(Address address, TimeSource time) {
        synchronized (SHARED) {
            Cluster cluster = address.name().isEmpty() ? null : SHARED.get(address.name());
            if (cluster == null) {
                cluster = new Cluster(address, time);
                if (!address.name().isEmpty()) {
                    SHARED.put(address.name(), cluster);
                }
            }
            cluster.mustSuit(address, time);
            cluster.members++;
            return cluster;
        }
    }

    private void mustSuit(Address wanted, TimeSource wantedTime) {
        if (!address.equals(wanted)) {
            throw new ConfigException(
                    "waybill.uri is '" + wanted + "' but must be '" + address + "', as which that broker is open");
        }
        if (time != wantedTime) {
            throw new ConfigException(
                    "waybill.uri is '" + wanted
                            + "' but that broker is open with another clock; all who share it must give it the same TimeSource");
        }
    }

    /** The last one to leave takes the queues along. */
    void leave() {
        synchronized (SHARED) {
            members--;
            if (members == 0) {
                SHARED.remove(address.name(), this);
                if (time instanceof SettableTime settable) {
                    settable.forget(wakeAll);
                }
            }
        }
    }

    void declare(QueueDefinition wanted, TopologyMode mode) {
        Declared found = mode == TopologyMode.DECLARE
                ? queues.computeIfAbsent(place(wanted), place -> create(wanted))
                : queues.get(place(wanted));
        String object = "queue '" + place(wanted) + "' on " + address;
        if (found == null) {
            throw new TopologyException(object, List.of(new Difference("existence", "a queue", "none")));
        }
        List<Difference> differences = found.differencesFrom(wanted);
        if (!differences.isEmpty()) {
            throw new TopologyException(object, differences);
        }
    }

    /** A lane has a name that no queue can have. */
    private static String place(QueueDefinition queue) {
        return queue.place(".");
    }

    private Declared create(QueueDefinition wanted) {
        Emulation emulation = address.emulation();
        Declared first = wanted.lane() == 0 ? null : queues.get(wanted.name());
        MessageQueue dead =
                first == null ? MessageQueue.ofDeadLetters(emulation, time, wanted.lockDuration()) : first.dead;
        MessageQueue main = MessageQueue.of(emulation, time, wanted, dead);
        return new Declared(wanted, main, dead);
    }

    /** Null if it was not declared. */
    @Nullable
    MessageQueue queue(Destination destination) {
        return destination.role() == Destination.Role.MAIN
                ? queue(place(destination.queue()), Destination.Role.MAIN)
                : queue(destination.queue().name(), Destination.Role.DEAD_LETTER);
    }

    @Nullable
    MessageQueue queue(String name, Destination.Role role) {
        Declared found = queues.get(name);
        if (found == null) {
            return null;
        }
        return role == Destination.Role.MAIN ? found.main : found.dead;
    }

    TimeSource time() {
        return time;
    }

    private void wakeAll() {
        for (Declared each : queues.values()) {
            each.main.wakeAll();
            each.dead.wakeAll();
        }
    }

    private record Declared(QueueDefinition definition, MessageQueue main, MessageQueue dead) {
        List<Difference> differencesFrom(QueueDefinition wanted) {
            List<Difference> differences = new ArrayList<>();
            compare(differences, "maxDeliveries", wanted.maxDeliveries(), definition.maxDeliveries());
            compare(differences, "lockDuration", wanted.lockDuration(), definition.lockDuration());
            compare(differences, "ordered", wanted.ordered(), definition.ordered());
            return differences;
        }

        private static void compare(List<Difference> differences, String field, Object declared, Object actual) {
            if (!declared.equals(actual)) {
                differences.add(new Difference(field, declared.toString(), actual.toString()));
            }
        }
    }
}
