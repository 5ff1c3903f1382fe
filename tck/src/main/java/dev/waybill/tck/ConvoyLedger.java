package dev.waybill.tck;

import dev.waybill.Delivery;
import dev.waybill.Message;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * What was handled of an ordered queue, whose messages are numbered from 1 within their key, the number being the payload. Each must
 * come after the one before it; one that comes again, after a crash, must say so. Thread-safe.
 */
public final class ConvoyLedger {
    private final Map<String, Integer> done = new ConcurrentHashMap<>();
    private final Map<String, String> active = new ConcurrentHashMap<>();
    private final List<String> outOfOrder = new CopyOnWriteArrayList<>();
    private final List<String> overlaps = new CopyOnWriteArrayList<>();

    /** The message of that number. */
    public static Message<String> message(String key, int number) {
        return Message.with(Integer.toString(number)).key(key).build();
    }

    /** A handler has begun. */
    public void begins(Delivery<String> delivery, String consumer) {
        String key = delivery.key().orElseThrow();
        String other = active.put(key, consumer);
        if (other != null) {
            overlaps.add(key + ": " + delivery.payload() + " at " + consumer + " while " + other + " was at it");
        }
        int before = done.getOrDefault(key, 0);
        int number = Integer.parseInt(delivery.payload());
        if (number > before + 1 || number <= before && !delivery.redelivered()) {
            outOfOrder.add(key + ": " + number + " after " + before + (delivery.redelivered() ? ", flagged" : ""));
        }
    }

    /** It has ended, and the message is to be accepted. */
    public void ends(Delivery<String> delivery) {
        String key = delivery.key().orElseThrow();
        done.merge(key, Integer.parseInt(delivery.payload()), Math::max);
        active.remove(key);
    }

    /** How many different messages are done. */
    public int handled() {
        return done.values().stream().mapToInt(Integer::intValue).sum();
    }

    /** What was not handled after the one before it. */
    public List<String> outOfOrder() {
        return outOfOrder;
    }

    /** What was handled while another of its key was. */
    public List<String> overlaps() {
        return overlaps;
    }

    @Override
    public String toString() {
        return handled() + " of " + done.size() + " keys handled, " + outOfOrder.size() + " out of order, "
                + overlaps.size() + " at once with another of their key";
    }
}
