package dev.waybill.kafka;

import dev.waybill.spi.BrokerException;
import dev.waybill.spi.Inbound;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Where the workers put what they polled and {@code receive} takes it from. Bounded by the crew, not by itself. */
final class HandOver {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final ArrayDeque<KafkaInbound> buffer = new ArrayDeque<>();
    private boolean paused;
    private boolean closed;
    private @Nullable BrokerException failure;

    void put(List<KafkaInbound> polled) {
        lock.lock();
        try {
            buffer.addAll(polled);
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    List<Inbound> take(int max, Duration wait) throws InterruptedException {
        long remaining = wait.toNanos();
        lock.lockInterruptibly();
        try {
            while (true) {
                if (failure != null) {
                    throw new BrokerException(failure.kind(), String.valueOf(failure.getMessage()), failure);
                }
                if (paused || closed) {
                    return List.of();
                }
                List<Inbound> taken = takeNow(max);
                if (!taken.isEmpty() || remaining <= 0) {
                    return taken;
                }
                remaining = changed.awaitNanos(remaining);
            }
        } finally {
            lock.unlock();
        }
    }

    private List<Inbound> takeNow(int max) {
        if (buffer.isEmpty()) {
            return List.of();
        }
        List<Inbound> taken = new ArrayList<>(Math.min(max, buffer.size()));
        while (taken.size() < max) {
            KafkaInbound next = buffer.poll();
            if (next == null) {
                break;
            }
            if (!next.lost()) {
                next.handOver();
                taken.add(next);
            }
        }
        return taken;
    }

    void pause() {
        change(() -> paused = true);
    }

    void resume() {
        change(() -> paused = false);
    }

    void close() {
        change(() -> {
            closed = true;
            buffer.clear();
        });
    }

    void fail(BrokerException cause) {
        change(() -> {
            if (failure == null && !closed) {
                failure = cause;
            }
        });
    }

    private void change(Runnable change) {
        lock.lock();
        try {
            change.run();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
