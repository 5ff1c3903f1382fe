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
    private final ArrayDeque<Poll> polls = new ArrayDeque<>();
    private boolean paused;
    private boolean stopped;
    private @Nullable BrokerException failure;

    /** What one poll returned. Its place is taken before the next poll begins, and filled when its records are read. */
    final class Poll {
        private final ArrayDeque<KafkaInbound> messages = new ArrayDeque<>();
        private boolean filled;

        /** False if nothing is handed over any more. */
        boolean fill(List<KafkaInbound> read) {
            lock.lock();
            try {
                filled = true;
                if (!stopped) {
                    messages.addAll(read);
                }
                changed.signalAll();
                return !stopped;
            } finally {
                lock.unlock();
            }
        }
    }

    Poll next() {
        Poll poll = new Poll();
        lock.lock();
        try {
            polls.add(poll);
        } finally {
            lock.unlock();
        }
        return poll;
    }

    List<Inbound> take(int max, Duration wait) throws InterruptedException {
        long remaining = wait.toNanos();
        lock.lockInterruptibly();
        try {
            while (true) {
                if (failure != null) {
                    throw new BrokerException(failure.kind(), String.valueOf(failure.getMessage()), failure);
                }
                if (paused || stopped) {
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

    /** Whether something waits here. */
    boolean ready() {
        lock.lock();
        try {
            Poll poll = polls.peek();
            return poll != null && !poll.messages.isEmpty() && !paused;
        } finally {
            lock.unlock();
        }
    }

    private List<Inbound> takeNow(int max) {
        Poll poll = polls.peek();
        if (poll == null || !poll.filled) {
            return List.of();
        }
        List<Inbound> taken = new ArrayList<>(Math.min(max, poll.messages.size()));
        while (taken.size() < max && poll != null && poll.filled) {
            KafkaInbound next = poll.messages.poll();
            if (next == null) {
                polls.remove();
                poll = polls.peek();
            } else if (!next.lost()) {
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

    /** Hands over what is there, and nothing any more. */
    List<Inbound> stop() {
        List<Inbound> left = new ArrayList<>();
        change(() -> {
            stopped = true;
            for (Poll poll : polls) {
                poll.messages.removeIf(KafkaInbound::lost);
                poll.messages.forEach(KafkaInbound::handOver);
                left.addAll(poll.messages);
            }
            polls.clear();
        });
        return left;
    }

    void fail(BrokerException cause) {
        change(() -> {
            if (failure == null && !stopped) {
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
