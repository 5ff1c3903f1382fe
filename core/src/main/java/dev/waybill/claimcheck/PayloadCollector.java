package dev.waybill.claimcheck;

import dev.waybill.claimcheck.ClaimCheck.Deletion;
import dev.waybill.claimcheck.PayloadStore.StoredPayload;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Deletes from a store what consumers have left there: payloads that are to be kept for a time, when that is over, and those of processes
 * that died, or could not reach the store, between the acknowledgement and the deletion. To be run now and then, by anybody, several at
 * once or not.
 *
 * <p>It deletes a payload only if the store has the note that its message is done. So nothing is deleted that a message in a queue, in a
 * dead-letter queue, in a delay or in hand still needs, on whichever broker, which is not asked. A payload without a note is reported and
 * left: its message waits, or it is of a process that died before its send was certain, which no broker but Kafka could tell apart. How old
 * such payloads are is reported, so that somebody who knows how long messages wait can tell which are of no use any more.
 */
public final class PayloadCollector {
    private static final int PAGE = 1000;

    /** The ages by which payloads without a note are told apart; of the last are all that are younger. */
    private static final List<Duration> AGES =
            Stream.of(90, 30, 14, 7, 1, 0).map(Duration::ofDays).toList();

    private final PayloadStore store;
    private final InstantSource clock;
    private Duration keep;
    private Duration notes = Duration.ofDays(14);

    private PayloadCollector(PayloadStore store, Duration keep, InstantSource clock) {
        this.store = store;
        this.keep = keep;
        this.clock = clock;
    }

    /** Collects in the store of a claim check, as its {@link ClaimCheck#deletion} says. */
    public static PayloadCollector of(ClaimCheck check) {
        return of(check, InstantSource.system());
    }

    static PayloadCollector of(ClaimCheck check, InstantSource clock) {
        Duration keep = check.deletion() instanceof Deletion.Keep time ? time.time() : Duration.ZERO;
        return new PayloadCollector(check.store(), keep, clock);
    }

    /** Collects in a store; payloads that are done with are not kept. */
    public static PayloadCollector in(PayloadStore store) {
        return new PayloadCollector(Objects.requireNonNull(store, "store"), Duration.ZERO, InstantSource.system());
    }

    /** Payloads are kept for so long after their messages were done. */
    public PayloadCollector keep(Duration time) {
        if (time.isNegative()) {
            throw new IllegalArgumentException("time to keep is " + time + " but must not be negative");
        }
        keep = time;
        return this;
    }

    /**
     * How long the note that a message is done stays, by default 14 days: a copy of the message that comes later than that goes to the
     * dead-letter queue, since its payload is gone.
     */
    public PayloadCollector keepNotes(Duration time) {
        if (time.isNegative()) {
            throw new IllegalArgumentException("time to keep notes is " + time + " but must not be negative");
        }
        notes = time;
        return this;
    }

    /** Says what would be done, and does nothing. */
    public Report dryRun() {
        return new Run(false).run();
    }

    /**
     * Goes through the store once; blocks until that is done. What the store does not delete keeps it from nothing else.
     *
     * @throws PayloadStoreException if the store cannot be listed, or, at the end, if not all was deleted; to go on, run it again
     */
    public Report run() {
        return new Run(true).run();
    }

    /**
     * Lists payloads that match, in the order of their keys: of one queue the oldest first.
     *
     * @param after the last key that is not wanted any more; empty to begin
     * @param max how many at most
     * @throws PayloadStoreException if the store fails
     */
    public List<Entry> list(Predicate<Entry> filter, String after, int max) {
        if (max < 1) {
            throw new IllegalArgumentException("max is " + max + " but must be at least 1");
        }
        List<Entry> found = new ArrayList<>();
        walk(after, (payload, note) -> {
            if (payload != null) {
                Entry entry = new Entry(
                        payload.key(),
                        payload.bytes(),
                        Instant.ofEpochMilli(payload.storedAtMillis()),
                        Optional.ofNullable(note).map(done -> Instant.ofEpochMilli(done.storedAtMillis())));
                if (filter.test(entry)) {
                    found.add(entry);
                }
            }
            return found.size() < max;
        });
        return found;
    }

    /**
     * A payload that is in the store.
     *
     * @param key its key
     * @param bytes how large it is there
     * @param storedAt when it was stored
     * @param doneAt when the store noted that its message is done; empty if it has no such note, so that the payload may be needed
     */
    public record Entry(String key, long bytes, Instant storedAt, Optional<Instant> doneAt) {}

    /**
     * What was done.
     *
     * @param deleted how many payloads were deleted
     * @param deletedBytes how large those were
     * @param deletedNotes how many notes were deleted
     * @param kept how many payloads are done with, and kept for a while
     * @param needed how many payloads have no note, and may be needed
     * @param neededBytes how large those are
     * @param oldestNeeded when the oldest of those was stored
     * @param neededByAge those once more, by how old they are, the oldest first; ages that none has are left out
     */
    public record Report(
            long deleted,
            long deletedBytes,
            long deletedNotes,
            long kept,
            long needed,
            long neededBytes,
            Optional<Instant> oldestNeeded,
            List<Age> neededByAge) {

        /**
         * Payloads that are about as old.
         *
         * @param atLeast how old they are at least; and less than the next that is older
         * @param payloads how many
         * @param bytes how large they are
         */
        public record Age(Duration atLeast, long payloads, long bytes) {}
    }

    /** What a store has of one payload: itself, the note that it is done, or both. */
    private interface Visitor {
        /** Returns whether to go on. */
        boolean visit(@Nullable StoredPayload payload, @Nullable StoredPayload note);
    }

    private void walk(String from, Visitor visitor) {
        @Nullable StoredPayload last = null;
        List<StoredPayload> page = store.list(from, PAGE);
        while (!page.isEmpty()) {
            for (StoredPayload next : page) {
                boolean note = next.key().endsWith(ClaimCheck.DONE);
                // Waybill's keys are all of one length, so that nothing is between a payload and its note.
                boolean ofLast = last != null && next.key().equals(last.key() + ClaimCheck.DONE);
                if (last != null && !visitor.visit(last, ofLast ? next : null)
                        || note && !ofLast && !visitor.visit(null, next)) {
                    return;
                }
                last = note ? null : next;
            }
            page = store.list(page.get(page.size() - 1).key(), PAGE);
        }
        if (last != null) {
            visitor.visit(last, null);
        }
    }

    private final class Run {
        private final boolean deletes;
        private final long now = clock.millis();
        private final List<String> toDelete = new ArrayList<>();
        private final long[] payloadsOfAge = new long[AGES.size()];
        private final long[] bytesOfAge = new long[AGES.size()];
        private long deleted;
        private long deletedBytes;
        private long deletedNotes;
        private long kept;
        private long oldestNeeded = Long.MAX_VALUE;
        private long refused;
        private @Nullable PayloadStoreException refusal;

        Run(boolean deletes) {
            this.deletes = deletes;
        }

        Report run() {
            walk("", (payload, note) -> {
                if (note == null) {
                    needed(Objects.requireNonNull(payload));
                } else {
                    done(note, payload);
                }
                if (toDelete.size() >= PAGE) {
                    delete();
                }
                return true;
            });
            delete();
            if (refusal != null) {
                throw new PayloadStoreException(
                        "up to " + refused + " of " + (deleted + deletedNotes)
                                + " payloads and notes were not deleted: " + refusal.getMessage(),
                        refusal);
            }
            long needed = LongStream.of(payloadsOfAge).sum();
            return new Report(
                    deleted,
                    deletedBytes,
                    deletedNotes,
                    kept,
                    needed,
                    LongStream.of(bytesOfAge).sum(),
                    needed == 0 ? Optional.empty() : Optional.of(Instant.ofEpochMilli(oldestNeeded)),
                    IntStream.range(0, AGES.size())
                            .filter(age -> payloadsOfAge[age] > 0)
                            .mapToObj(age -> new Report.Age(AGES.get(age), payloadsOfAge[age], bytesOfAge[age]))
                            .toList());
        }

        private void needed(StoredPayload payload) {
            long millis = now - payload.storedAtMillis();
            int age = 0;
            while (age < AGES.size() - 1 && millis < AGES.get(age).toMillis()) {
                age++;
            }
            payloadsOfAge[age]++;
            bytesOfAge[age] += payload.bytes();
            oldestNeeded = Math.min(oldestNeeded, payload.storedAtMillis());
        }

        private void done(StoredPayload note, @Nullable StoredPayload payload) {
            // The store's clock may be ahead.
            long age = Math.max(0, now - note.storedAtMillis());
            if (payload != null) {
                if (age < keep.toMillis()) {
                    kept++;
                } else {
                    toDelete.add(payload.key());
                    deleted++;
                    deletedBytes += payload.bytes();
                }
            } else if (age >= notes.toMillis()) {
                toDelete.add(note.key());
                deletedNotes++;
            }
        }

        private void delete() {
            if (deletes && !toDelete.isEmpty()) {
                try {
                    store.delete(List.copyOf(toDelete));
                } catch (PayloadStoreException down) {
                    refused += toDelete.size();
                    refusal = refusal == null ? down : refusal;
                }
            }
            toDelete.clear();
        }
    }
}
