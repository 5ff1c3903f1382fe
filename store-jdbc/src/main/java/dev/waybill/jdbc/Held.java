package dev.waybill.jdbc;

/**
 * A row that is in the way.
 *
 * @param remainingMillis from the database's now, how long nobody else may take the message
 */
record Held(boolean done, long remainingMillis) {

    /** Whether the entry may not be written because of it. False where it has ended since, or cannot be seen as it is. */
    boolean bars(Entry entry) {
        return remainingMillis > 0 && (done || !entry.done());
    }
}
