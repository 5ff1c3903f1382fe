package dev.waybill.convoy;

/**
 * Something that has happened to a convoy.
 *
 * @param version which version of the convoy it made
 * @param at when, in milliseconds since 1970 by the store's clock
 * @param messageId of the message that made it happen; empty if none did
 * @param event what: the type of the message, or {@code timeout}, {@code skip}, {@code retry}, {@code cancel} or such
 * @param from the state before
 * @param to the state after
 */
public record HistoryEntry(long version, long at, String messageId, String event, String from, String to) {}
