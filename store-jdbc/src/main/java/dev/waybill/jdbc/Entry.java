package dev.waybill.jdbc;

import org.jspecify.annotations.Nullable;

/**
 * A row that somebody wants to write.
 *
 * @param owner who has claimed the message; null for a mark
 * @param done whether it is a mark, which displaces claims; else a claim, which displaces only what has ended
 * @param takenMillis from the database's now, how long nobody else may take the message
 * @param lifeMillis from the database's now, how long the row stays
 */
record Entry(Key key, long token, @Nullable String owner, boolean done, long takenMillis, long lifeMillis) {}
