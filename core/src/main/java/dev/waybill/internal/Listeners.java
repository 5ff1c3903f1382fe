package dev.waybill.internal;

import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import java.lang.ref.WeakReference;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells subscriptions of what happens to their breakers and bulkheads, on the thread on which it happens. Resilience4j keeps a
 * listener for ever; so there is one a breaker and Waybill, and it keeps no subscription alive.
 */
final class Listeners {
    private static final Logger LOG = LoggerFactory.getLogger(Listeners.class);

    private final Map<Object, Set<Runnable>> told = new WeakHashMap<>();

    /** From now on the task runs after each change of the breaker's state; to be ended by {@link #leave}. */
    void onChange(CircuitBreaker breaker, Runnable task) {
        join(breaker, task, consumer -> breaker.getEventPublisher().onStateTransition(consumer::accept));
    }

    /** From now on the task runs after each call that ends; to be ended by {@link #leave}. */
    void onFinished(Bulkhead bulkhead, Runnable task) {
        join(bulkhead, task, consumer -> bulkhead.getEventPublisher().onCallFinished(consumer::accept));
    }

    /** Has those of a guard told how a call went, which has been counted by then: one that throws does not change how it went. */
    static void tell(Runnable telling) {
        try {
            telling.run();
        } catch (RuntimeException thrown) {
            LOG.warn("a listener to the events of a bulkhead or a rate limiter threw", thrown);
        }
    }

    private synchronized void join(Object source, Runnable task, Consumer<Consumer<Object>> register) {
        Set<Runnable> tasks = told.get(source);
        if (tasks == null) {
            tasks = ConcurrentHashMap.newKeySet();
            told.put(source, tasks);
            WeakReference<Set<Runnable>> weak = new WeakReference<>(tasks);
            register.accept(event -> {
                Set<Runnable> now = weak.get();
                if (now != null) {
                    now.forEach(Runnable::run);
                }
            });
        }
        tasks.add(task);
    }

    synchronized void leave(Object source, Runnable task) {
        Set<Runnable> tasks = told.get(source);
        if (tasks != null) {
            tasks.remove(task);
        }
    }
}
