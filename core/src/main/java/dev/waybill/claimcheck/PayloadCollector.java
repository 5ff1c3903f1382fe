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
import org.jspecify.annotations.Nullable;

/**
 * Deletes from a store what consumers have left there: payloads that are to be kept for a time, when that is over, and those of processes
 * that died, or could not reach the store, between the acknowledgement and the deletion. To be run now and then, by anybody, several at
 * once or not.
 *
 * <p>It deletes a payload only if the store has the note that its message is done. So nothing is deleted that a message in a queue, in a
 * dead-letter queue, in a delay or in hand still needs, on whichever broker, which is not asked. A payload without a note is reported and
 * left: its message waits, or it is of a process that died before its send was certain, which no broker but Kafka could tell apart.
 */
public final class PayloadCollector {
    private static final int PAGE = 1000;

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
     * Goes through the store once; blocks until that is done.
     *
     * @throws PayloadStoreException if the store fails; to go on, run it again
     */
    public Report run() {
        return new Run(true).run();
    }

    /**
     * What was done.
     *
     * @param deleted how many payloads were deleted
     * @param deletedBytes how large those were
     * @param deletedNotes how many notes were deleted
     * @param kept how many payloads are done with, and kept for a while
     * @param needed how many payloads may be needed
     * @param neededBytes how large those are
     * @param oldestNeeded when the oldest of those was stored
     */
    public record Report(
            long deleted,
            long deletedBytes,
            long deletedNotes,
            long kept,
            long needed,
            long neededBytes,
            Optional<Instant> oldestNeeded) {}

    private final class Run {
        private final boolean deletes;
        private final long now = clock.millis();
        private final List<String> payloads = new ArrayList<>();
        private final List<String> oldNotes = new ArrayList<>();
        private long deleted;
        private long deletedBytes;
        private long deletedNotes;
        private long kept;
        private long needed;
        private long neededBytes;
        private long oldestNeeded = Long.MAX_VALUE;

        Run(boolean deletes) {
            this.deletes = deletes;
        }

        Report run() {
            String after = "";
            @Nullable StoredPayload last = null;
            for (List<StoredPayload> page = store.list(after, PAGE); !page.isEmpty(); page = store.list(after, PAGE)) {
                for (StoredPayload next : page) {
                    if (isNote(next)) {
                        // Waybill's keys are all of one length, so that nothing is between a payload and its note.
                        boolean there = last != null && next.key().equals(last.key() + ClaimCheck.DONE);
                        done(next, there ? last : null);
                        last = null;
                    } else {
                        needed(last);
                        last = next;
                    }
                }
                after = page.get(page.size() - 1).key();
                delete();
            }
            needed(last);
            return new Report(
                    deleted,
                    deletedBytes,
                    deletedNotes,
                    kept,
                    needed,
                    neededBytes,
                    needed == 0 ? Optional.empty() : Optional.of(Instant.ofEpochMilli(oldestNeeded)));
        }

        private static boolean isNote(StoredPayload stored) {
            return stored.key().endsWith(ClaimCheck.DONE);
        }

        private void needed(@Nullable StoredPayload payload) {
            if (payload != null) {
                needed++;
                neededBytes += payload.bytes();
                oldestNeeded = Math.min(oldestNeeded, payload.storedAtMillis());
            }
        }

        private void done(StoredPayload note, @Nullable StoredPayload payload) {
            long age = now - note.storedAtMillis();
            if (payload != null) {
                if (age < keep.toMillis()) {
                    kept++;
                } else {
                    payloads.add(payload.key());
                    deleted++;
                    deletedBytes += payload.bytes();
                }
            } else if (age >= notes.toMillis()) {
                oldNotes.add(note.key());
                deletedNotes++;
            }
        }

        /** The payloads first: a note must not go before its payload. */
        private void delete() {
            if (deletes && !payloads.isEmpty()) {
                store.delete(List.copyOf(payloads));
            }
            if (deletes && !oldNotes.isEmpty()) {
                store.delete(List.copyOf(oldNotes));
            }
            payloads.clear();
            oldNotes.clear();
        }
    }
}
