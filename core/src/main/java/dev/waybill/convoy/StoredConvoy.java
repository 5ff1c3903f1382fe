package dev.waybill.convoy;

import org.jspecify.annotations.Nullable;

/**
 * A convoy as a store keeps it. Times are milliseconds since 1970 by the store's clock.
 *
 * @param machine the name of its state machine
 * @param key what its messages have in common
 * @param state the name of the state that it is in
 * @param status how it is doing
 * @param version how often it was changed, from 1
 * @param machineVersion the version of the state machine that wrote it
 * @param data what it remembers, encoded
 * @param createdAt when its first message came
 * @param since when it came into its state
 * @param dueAt when something is to be done about it, such as its state's time-out; 0 if nothing is
 * @param alerted whether the alert of its state was given
 * @param held how many of its messages are held
 * @param steps how many entries its history has had, with those that are gone
 * @param failures how often its time-out, or what it holds after that, was begun or has failed, and has not succeeded since
 * @param failedMessage the id of the message at which it is stuck, or at which a process may have died, or null
 * @param failure what has failed, above all if it is stuck, or null
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record StoredConvoy(
        String machine,
        String key,
        String state,
        ConvoyStatus status,
        long version,
        int machineVersion,
        byte[] data,
        long createdAt,
        long since,
        long dueAt,
        boolean alerted,
        int held,
        long steps,
        int failures,
        @Nullable String failedMessage,
        @Nullable String failure) {

    /** Whether nothing comes after its state. */
    public boolean ended() {
        return status == ConvoyStatus.DONE || status == ConvoyStatus.CANCELLED;
    }

    /** Its next version, doing like this, about which something is to be done then. What failed counts as long as it does so. */
    StoredConvoy next(ConvoyStatus next, long dueAt) {
        boolean same = next == status;
        return with(
                next,
                version + 1,
                since,
                dueAt,
                alerted,
                held,
                steps,
                same ? failures : 0,
                same ? failedMessage : null,
                same ? failure : null);
    }

    StoredConvoy withStatus(ConvoyStatus status) {
        return with(status, version, since, dueAt, alerted, held, steps, failures, failedMessage, failure);
    }

    StoredConvoy withSince(long since) {
        return with(status, version, since, dueAt, alerted, held, steps, failures, failedMessage, failure);
    }

    StoredConvoy withDue(long dueAt) {
        return with(status, version, since, dueAt, alerted, held, steps, failures, failedMessage, failure);
    }

    /** Whose state's alert has been given. */
    StoredConvoy withAlert() {
        return with(status, version, since, 0, true, held, steps, failures, failedMessage, failure);
    }

    StoredConvoy withHeld(int held) {
        return with(status, version, since, dueAt, alerted, held, steps, failures, failedMessage, failure);
    }

    /** One entry more in its history. */
    StoredConvoy withStep() {
        return with(status, version, since, dueAt, alerted, held, steps + 1, failures, failedMessage, failure);
    }

    StoredConvoy withoutFailure() {
        return withFailure(0, null, null);
    }

    StoredConvoy withFailure(int failures, @Nullable String failedMessage, @Nullable String failure) {
        return with(status, version, since, dueAt, alerted, held, steps, failures, failedMessage, failure);
    }

    private StoredConvoy with(
            ConvoyStatus status,
            long version,
            long since,
            long dueAt,
            boolean alerted,
            int held,
            long steps,
            int failures,
            @Nullable String failedMessage,
            @Nullable String failure) {
        return new StoredConvoy(
                machine,
                key,
                state,
                status,
                version,
                machineVersion,
                data,
                createdAt,
                since,
                dueAt,
                alerted,
                held,
                steps,
                failures,
                failedMessage,
                failure);
    }

    @Override
    public String toString() {
        return "convoy '" + key + "' of " + machine + ", " + status + " in " + state;
    }
}
