package dev.waybill.rabbitmq;

import dev.waybill.spi.BrokerException;
import dev.waybill.spi.Inbound;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** What the server has pushed to a receiver, on one channel or several, and core has not taken. */
final class Inbox {
    final ReentrantLock lock = new ReentrantLock();
    /** Something came, or what the receiver is to do. */
    final Condition changed = lock.newCondition();

    /** Guarded by the lock, as is what the receiver is to do. */
    final ArrayDeque<RabbitMqInbound> messages = new ArrayDeque<>();

    boolean paused;
    boolean stopped;
    private @Nullable BrokerException broken;

    void add(RabbitMqInbound message) {
        lock.lock();
        try {
            messages.add(message);
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Nothing comes any more. */
    void breakWith(BrokerException failure) {
        set(() -> broken = broken == null ? failure : broken);
    }

    List<Inbound> receive(int max, Duration wait) throws InterruptedException {
        long left = wait.toNanos();
        lock.lockInterruptibly();
        try {
            while (true) {
                if (paused || stopped) {
                    return List.of();
                }
                BrokerException failure = broken;
                if (failure != null) {
                    messages.clear();
                    throw failure;
                }
                if (!messages.isEmpty()) {
                    return taken(max);
                }
                if (left <= 0) {
                    return List.of();
                }
                left = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    private List<Inbound> taken(int max) {
        int count = Math.min(max, messages.size());
        List<Inbound> taken = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            RabbitMqInbound next = messages.remove();
            next.channel.handedOver();
            taken.add(next);
        }
        return taken;
    }

    /** Hands over all that is there, also if it has stopped. */
    List<Inbound> drain() {
        lock.lock();
        try {
            return taken(messages.size());
        } finally {
            lock.unlock();
        }
    }

    boolean ready() {
        lock.lock();
        try {
            return !messages.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    boolean halted() {
        lock.lock();
        try {
            return paused || stopped;
        } finally {
            lock.unlock();
        }
    }

    boolean stopped() {
        lock.lock();
        try {
            return stopped;
        } finally {
            lock.unlock();
        }
    }

    /** Changes what the receiver is to do, and tells whoever waits. */
    void set(Runnable state) {
        lock.lock();
        try {
            state.run();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
