package dev.waybill.convoy;

import java.util.Map;

/**
 * A message that a convoy has sent and that is not known to be in its queue yet.
 *
 * @param id by which the store knows it, in the order of sending; 0 if it has not been stored yet
 * @param key of the convoy
 * @param queue the name of the queue that it goes to
 * @param message all about it but the body: {@code id}, {@code key}, {@code priority}, {@code tier}, {@code delay} (in
 *     milliseconds, from when it is stored), and its headers, each as {@code h.} and its name
 * @param body the payload, encoded
 * @param storedFor for how many milliseconds it has been stored, by the store's clock; 0 if it has not been stored yet
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Outgoing(long id, String key, String queue, Map<String, String> message, byte[] body, long storedFor) {}
