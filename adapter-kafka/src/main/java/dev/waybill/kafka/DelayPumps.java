package dev.waybill.kafka;

import dev.waybill.spi.BrokerException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.apache.kafka.clients.admin.TopicDescription;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a pump for each queue that is received from and has a delay topic. Looks every second for topics that others have made,
 * with one request for all queues and without a thread of its own. Thread-safe.
 */
final class DelayPumps implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DelayPumps.class);
    private static final long LOOK_MILLIS = 1000;

    private final AdminCalls calls;
    private final DelayTopics topics;
    private final Executor executor;
    private final Executor later;
    private final Function<String, DelayPump> making;
    private final Map<String, Watched> watched = new HashMap<>();
    private final Set<String> moving = ConcurrentHashMap.newKeySet();
    private boolean looking;
    private boolean closed;

    /**
     * @param executor for the looking, which blocks
     * @param making makes a pump for a queue
     */
    DelayPumps(AdminCalls calls, DelayTopics topics, Executor executor, Function<String, DelayPump> making) {
        this.calls = calls;
        this.topics = topics;
        this.executor = executor;
        this.later = CompletableFuture.delayedExecutor(LOOK_MILLIS, TimeUnit.MILLISECONDS, executor);
        this.making = making;
    }

    /** One more receiver takes from the queue. */
    void opened(String queue) {
        boolean first;
        synchronized (this) {
            watched.computeIfAbsent(queue, any -> new Watched()).receivers++;
            first = !looking;
            looking = true;
        }
        // Now, since the next of the regular looks may be a second away.
        executor.execute(first ? this::lookOn : this::look);
    }

    /** One less does. With the last, the pump ends before this returns, or is given up. */
    void closed(String queue) {
        DelayPump last = null;
        synchronized (this) {
            Watched one = watched.get(queue);
            if (one != null) {
                one.receivers--;
                if (one.receivers == 0) {
                    watched.remove(queue);
                    last = one.pump;
                }
            }
        }
        if (last != null) {
            last.close();
            last.join();
        }
    }

    private void lookOn() {
        look();
        synchronized (this) {
            looking = !closed && !watched.isEmpty();
            if (looking) {
                later.execute(this::lookOn);
            }
        }
    }

    /** Looks for delay topics now. */
    void look() {
        Set<String> asked = new HashSet<>();
        synchronized (this) {
            watched.forEach((queue, one) -> {
                one.forgetEnded();
                asked.addAll(topics.all(queue));
                asked.removeAll(one.known);
            });
        }
        if (asked.isEmpty()) {
            return;
        }
        try {
            found(calls.topics(asked));
        } catch (BrokerException unknown) {
            LOG.debug("no looking for delay topics now", unknown);
        }
    }

    private synchronized void found(Map<String, TopicDescription> found) {
        if (closed) {
            return;
        }
        watched.forEach((queue, one) -> {
            NavigableSet<Integer> levels = topics.existing(queue, found.keySet());
            if (levels.isEmpty()) {
                return;
            }
            levels.forEach(level -> one.known.add(topics.name(queue, level)));
            if (one.pump == null) {
                one.pump = Objects.requireNonNull(making.apply(queue));
                one.pump.start();
                moving.add(queue);
            }
            one.pump.found(levels);
        });
    }

    /** Whether the queue may get messages that were delayed, so far as is known. */
    boolean moving(String queue) {
        return moving.contains(queue);
    }

    /** Those that run. */
    synchronized Collection<DelayPump> running() {
        List<DelayPump> running = new ArrayList<>();
        for (Watched one : watched.values()) {
            if (one.pump != null) {
                running.add(one.pump);
            }
        }
        return running;
    }

    /** Ends all, as {@link #closed} ends one. */
    @Override
    public void close() {
        Collection<DelayPump> last;
        synchronized (this) {
            closed = true;
            last = running();
            watched.clear();
        }
        last.forEach(DelayPump::close);
        last.forEach(DelayPump::join);
    }

    private static final class Watched {
        final Set<String> known = new HashSet<>();
        int receivers;

        @Nullable
        DelayPump pump;

        void forgetEnded() {
            if (pump != null && pump.ended()) {
                pump = null;
                known.clear();
            }
        }
    }
}
