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
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes payloads that are done with, in the background, as many at once as there are, and tries again while their store is down. First
 * the payload, and a while later the note that it is done: a crash between the two leaves the note, by which a collector knows, and so
 * does a copy of the message that comes since its acknowledgement was lost.
 *
 * <p>What a store that works does not delete keeps nothing else: it goes behind the others, is tried with fewer and fewer at once, at last
 * alone, and then left.
 */
final class SpentPayloads {
    private static final Logger LOG = LoggerFactory.getLogger(SpentPayloads.class);
    private static final int MOST_AT_ONCE = 500;
    private static final int MOST_WAITING = 100_000;

    /** So often one is tried alone by a store that deletes others meanwhile. */
    static final int MOST_REFUSALS = 3;

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

    /**
     * @param goneNanos when it was deleted
     * @param atOnce with how many it is deleted at once, itself included; half of them after each failure, until what cannot be deleted is alone
     * @param refusals how often it alone was not deleted, while others were
     */
    private record Spent(String key, boolean noted, long goneNanos, int atOnce, int refusals) {
        static Spent payload(String key, boolean noted) {
            return new Spent(key, noted, 0, MOST_AT_ONCE, 0);
        }

        static Spent note(String key) {
            return new Spent(key, true, System.nanoTime(), MOST_AT_ONCE, 0);
        }

        Spent failed(int ofSoMany, boolean refused) {
            return new Spent(key, noted, goneNanos, Math.max(1, ofSoMany / 2), refusals + (refused ? 1 : 0));
        }
    }

    /** Those of one store. What is taken out of its queues is taken by one thread at a time. */
    private final class Bin {
        private final PayloadStore store;
        private final ConcurrentLinkedQueue<Spent> payloads = new ConcurrentLinkedQueue<>();
        private final ConcurrentLinkedQueue<Spent> notes = new ConcurrentLinkedQueue<>();
        private final AtomicInteger waiting = new AtomicInteger();
        private final AtomicBoolean running = new AtomicBoolean();
        private final AtomicBoolean alarmed = new AtomicBoolean();
        private final Backoff backoff = new Backoff();

        /** Whether its store has deleted something since it last failed. */
        private boolean works;

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
            payloads.add(Spent.payload(key, noted));
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
            while (hasWork()) {
                Throwable ofPayloads = delete(payloads, spent -> true, Spent::key, this::gone);
                Throwable ofNotes =
                        delete(notes, this::isDue, spent -> note(spent.key()), spent -> waiting.decrementAndGet());
                Throwable failure = ofPayloads == null ? ofNotes : ofPayloads;
                if (failure != null) {
                    rest(failure);
                    return;
                }
                backoff.reset();
            }
            running.set(false);
            goOn();
        }

        private void goOn() {
            // A note that is due by now does not need the one, and is not missed by the other.
            alarm();
            start();
        }

        private void gone(Spent payload) {
            if (payload.noted()) {
                notes.add(Spent.note(payload.key()));
            } else {
                waiting.decrementAndGet();
            }
        }

        /** Deletes the first of a queue that are due; returns why not, or null. */
        private @Nullable Throwable delete(
                ConcurrentLinkedQueue<Spent> queue,
                Predicate<Spent> due,
                Function<Spent, String> key,
                Consumer<Spent> gone) {
            Spent first = queue.peek();
            if (first == null || !due.test(first)) {
                return null;
            }
            List<Spent> batch = queue.stream()
                    .takeWhile(each -> due.test(each) && each.atOnce() == first.atOnce())
                    .limit(first.atOnce())
                    .toList();
            try {
                store.delete(batch.stream().map(key).toList());
            } catch (RuntimeException | Error failed) {
                boolean refused = works && batch.size() == 1;
                for (Spent spent : batch) {
                    queue.remove();
                    putBehind(queue, spent.failed(batch.size(), refused), failed);
                }
                works = false;
                return failed;
            }
            works = true;
            for (Spent spent : batch) {
                queue.remove();
                gone.accept(spent);
            }
            return null;
        }

        private void putBehind(ConcurrentLinkedQueue<Spent> queue, Spent spent, Throwable why) {
            if (spent.refusals() < MOST_REFUSALS) {
                queue.add(spent);
            } else {
                waiting.decrementAndGet();
                LOG.warn("'{}' stays in payload store '{}': {}", spent.key(), store.name(), why.toString());
            }
        }

        private void rest(Throwable down) {
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
                    goOn();
                });
            }
        }

        /** Looks again when the oldest note is due. */
        private void alarm() {
            Spent note = notes.peek();
            if (note != null && !isDue(note) && alarmed.compareAndSet(false, true)) {
                long left = NOTE_LIVES_NANOS - (System.nanoTime() - note.goneNanos());
                timer.after(Math.max(1, TimeUnit.NANOSECONDS.toMillis(left) + 1), () -> {
                    alarmed.set(false);
                    goOn();
                });
            }
        }
    }
}
