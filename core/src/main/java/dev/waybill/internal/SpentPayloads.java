package dev.waybill.internal;

import dev.waybill.claimcheck.ClaimCheck;
import dev.waybill.claimcheck.PayloadStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes payloads that are done with, in the background, as many at once as there are, and tries again while their store is down. First
 * the payload, then the note that it is done: a crash between the two leaves the note, by which a collector knows.
 */
final class SpentPayloads {
    private static final Logger LOG = LoggerFactory.getLogger(SpentPayloads.class);
    private static final int MOST_AT_ONCE = 500;
    private static final int MOST_WAITING = 100_000;

    private final Timer timer;
    private final Executor blocking;
    private final Map<PayloadStore, Bin> bins = new ConcurrentHashMap<>();
    private volatile boolean closing;

    SpentPayloads(Timer timer, Executor blocking) {
        this.timer = timer;
        this.blocking = blocking;
    }

    /** The key of the note that the message of a payload is done. */
    static String note(String key) {
        return key + ClaimCheck.DONE;
    }

    /**
     * Has a payload deleted. Does not block.
     *
     * @param noted whether there is a note that it is done
     */
    void delete(PayloadStore store, String key, boolean noted) {
        bins.computeIfAbsent(store, Bin::new).add(new Spent(key, noted));
    }

    /** Deletes what waits, if that takes no longer than so; what fails now stays. */
    void close(long nanos) {
        closing = true;
        long end = System.nanoTime() + nanos;
        for (Bin bin : bins.values()) {
            bin.start();
            while (bin.running.get() && end - System.nanoTime() > 0) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
            }
            int left = bin.waiting.get();
            if (left > 0) {
                LOG.warn("{} payloads that are done with stay in payload store '{}'", left, bin.store.name());
            }
        }
    }

    private record Spent(String key, boolean noted) {}

    /** Those of one store. */
    private final class Bin {
        private final PayloadStore store;
        private final ConcurrentLinkedQueue<Spent> queue = new ConcurrentLinkedQueue<>();
        private final AtomicInteger waiting = new AtomicInteger();
        private final AtomicBoolean running = new AtomicBoolean();
        private final Backoff backoff = new Backoff();

        /** Whether its store has failed, and is not to be asked for a moment. */
        private volatile boolean resting;

        Bin(PayloadStore store) {
            this.store = store;
        }

        void add(Spent spent) {
            if (waiting.incrementAndGet() > MOST_WAITING) {
                waiting.decrementAndGet();
                LOG.warn(
                        "payload '{}' stays in payload store '{}', where {} wait to be deleted",
                        spent.key(),
                        store.name(),
                        MOST_WAITING);
                return;
            }
            queue.add(spent);
            start();
        }

        private void start() {
            if (!queue.isEmpty() && (!resting || closing) && running.compareAndSet(false, true)) {
                blocking.execute(this::run);
            }
        }

        private void run() {
            List<Spent> batch = new ArrayList<>();
            try {
                for (Spent next = queue.peek(); next != null; next = queue.peek()) {
                    batch.clear();
                    for (Spent spent = queue.poll(); spent != null; spent = queue.poll()) {
                        batch.add(spent);
                        if (batch.size() == MOST_AT_ONCE) {
                            break;
                        }
                    }
                    delete(batch);
                    waiting.addAndGet(-batch.size());
                    backoff.reset();
                }
            } catch (RuntimeException | Error down) {
                queue.addAll(batch);
                long wait = backoff.nextMillis();
                LOG.warn(
                        "{} payloads in payload store '{}' are not deleted yet, trying again in {} ms: {}",
                        waiting.get(),
                        store.name(),
                        wait,
                        down.toString());
                resting = true;
                running.set(false);
                if (!closing) {
                    timer.after(wait, () -> {
                        resting = false;
                        start();
                    });
                }
                return;
            }
            running.set(false);
            start();
        }

        private void delete(List<Spent> batch) {
            store.delete(batch.stream().map(Spent::key).toList());
            List<String> notes = batch.stream()
                    .filter(Spent::noted)
                    .map(spent -> note(spent.key()))
                    .toList();
            if (!notes.isEmpty()) {
                store.delete(notes);
            }
        }
    }
}
