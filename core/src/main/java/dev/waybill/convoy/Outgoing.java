package dev.waybill.convoy;

import java.util.Map;

/**
 * A message that a convoy has sent and that is not known to be in its queue yet.
 *
 * @param id by which the store knows it, in the order of sending; 0 if it has not been stored yet
 * @param key of the convoy
 * @param queue the name of the queue that it goes to
 * @param message all about it but the body: {@code id}, {@code key}, {@code priority}, {@code tier}, {@code not-before} (in
 *     milliseconds since 1970), and its headers, each as {@code h.} and its name
 * @param body the payload, encoded
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Outgoing(long id, String key, String queue, Map<String, String> message, byte[] body) {}
