package dev.waybill.internal;

import dev.waybill.spi.Envelope;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A message and how long the broker is to keep it back. Where that is longer than the broker can, the message says when it is due,
 * comes in between, and is sent on.
 */
record Delayed(Envelope envelope, long millis) {

    /** @param nowMillis the time of day */
    static Delayed by(long millis, Envelope envelope, long most, long nowMillis) {
        if (millis <= most) {
            return new Delayed(envelope, millis);
        }
        Map<String, String> headers = new LinkedHashMap<>(envelope.headers());
        headers.put(CoreHeaders.DUE, Long.toString(nowMillis + millis));
        return new Delayed(CoreHeaders.with(envelope, headers), most);
    }
}
