package dev.waybill.internal;

import dev.waybill.claimcheck.ClaimCheck;
import dev.waybill.claimcheck.PayloadStore;
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
 * the payload, and a while later the note that it is done: a crash between the two leaves the note, by which a collector knows, and so
 * does a copy of the message that comes since its acknowledgement was lost.
 */
final class SpentPayloads {
    private static final Logger LOG = LoggerFactory.getLogger(SpentPayloads.class);
    private static final int MOST_AT_ONCE = 500;
    private static final int MOST_WAITING = 100_000;

    /** What a broker may deliver again since it has not heard of an acknowledgement that was under way comes within that. */
    private static final long NOTE_LIVES_NANOS = TimeUnit.MINUTES.toNanos(1);

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
        bins.computeIfAbsent(store, Bin::new).add(key, noted);
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

    /** @param goneNanos when it was deleted */
    private record Spent(String key, boolean noted, long goneNanos) {}

    /** Those of one store. What is taken out of its queues is taken by one thread at a time. */
    private final class Bin {
        private final PayloadStore store;
        private final ConcurrentLinkedQueue<Spent> payloads = new ConcurrentLinkedQueue<>();
        private final ConcurrentLinkedQueue<Spent> notes = new ConcurrentLinkedQueue<>();
        private final AtomicInteger waiting = new AtomicInteger();
        private final AtomicBoolean running = new AtomicBoolean();
        private final AtomicBoolean alarmed = new AtomicBoolean();
        private final Backoff backoff = new Backoff();

        /** Whether its store has failed, and is not to be asked for a moment. */
        private volatile boolean resting;

        Bin(PayloadStore store) {
            this.store = store;
        }

        void add(String key, boolean noted) {
            if (waiting.incrementAndGet() > MOST_WAITING) {
                waiting.decrementAndGet();
                LOG.warn(
                        "payload '{}' stays in payload store '{}', where {} wait to be deleted",
                        key,
                        store.name(),
                        MOST_WAITING);
                return;
            }
            payloads.add(new Spent(key, noted, 0));
            start();
        }

        private void start() {
            if (hasWork() && (!resting || closing) && running.compareAndSet(false, true)) {
                blocking.execute(this::run);
            }
        }

        private boolean hasWork() {
            Spent note = notes.peek();
            return !payloads.isEmpty() || note != null && isDue(note);
        }

        private boolean isDue(Spent note) {
            return closing || System.nanoTime() - note.goneNanos() >= NOTE_LIVES_NANOS;
        }

        private void run() {
            try {
                while (hasWork()) {
                    deletePayloads();
                    deleteNotes();
                    backoff.reset();
                }
            } catch (RuntimeException | Error down) {
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
            alarm();
        }

        private void deletePayloads() {
            List<Spent> batch = payloads.stream().limit(MOST_AT_ONCE).toList();
            if (batch.isEmpty()) {
                return;
            }
            store.delete(batch.stream().map(Spent::key).toList());
            long now = System.nanoTime();
            for (Spent spent : batch) {
                payloads.remove();
                if (spent.noted()) {
                    notes.add(new Spent(spent.key(), true, now));
                } else {
                    waiting.decrementAndGet();
                }
            }
        }

        private void deleteNotes() {
            List<Spent> batch =
                    notes.stream().takeWhile(this::isDue).limit(MOST_AT_ONCE).toList();
            if (batch.isEmpty()) {
                return;
            }
            store.delete(batch.stream().map(spent -> note(spent.key())).toList());
            for (int i = 0; i < batch.size(); i++) {
                notes.remove();
                waiting.decrementAndGet();
            }
        }

        /** Looks again when the oldest note is due. */
        private void alarm() {
            Spent note = notes.peek();
            if (note != null && !closing && alarmed.compareAndSet(false, true)) {
                long left = NOTE_LIVES_NANOS - (System.nanoTime() - note.goneNanos());
                timer.after(Math.max(1, TimeUnit.NANOSECONDS.toMillis(left) + 1), () -> {
                    alarmed.set(false);
                    start();
                    alarm();
                });
            }
        }
    }
}
