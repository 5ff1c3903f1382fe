package dev.waybill.examples.thumbnails;

import dev.waybill.Death;
import dev.waybill.Message;
import dev.waybill.WaybillObserver;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Keeps the books: which images were sent, what became of each, and what the broker had to carry. Thread-safe. */
final class ImageBook implements WaybillObserver {
    private final Map<String, String> names = new HashMap<>();
    private final Map<String, Thumbnail> made = new HashMap<>();
    private final Set<String> dead = new HashSet<>();
    private final Map<String, String> refused = new HashMap<>();
    private long imageBytes;
    private long brokerBytes;
    private long pulse;

    /** An image is about to be sent. */
    synchronized void expect(String id, String name, long bytes) {
        pulse++;
        names.put(id, name);
        imageBytes += bytes;
    }

    /** The broker does not have it, or does not say. */
    synchronized void notSent(String id, Throwable failure) {
        pulse++;
        refused.put(id, String.valueOf(failure.getMessage()));
    }

    /** The image that a message is about; null if it is not of this run. */
    synchronized @Nullable String name(String id) {
        return names.get(id);
    }

    /** Told twice of a message that came twice, it counts once. */
    synchronized void made(String id, Thumbnail thumbnail) {
        pulse++;
        made.put(id, thumbnail);
    }

    @Override
    public void deadLettered(Death death) {
        dead(death.messageId());
    }

    synchronized void dead(String id) {
        pulse++;
        if (names.containsKey(id)) {
            dead.add(id);
        }
    }

    /** The body is what the broker gets: the image, or the reference to it. */
    @Override
    public synchronized @Nullable Sending sending(String broker, String queue, Message<?> message, int bodyBytes) {
        brokerBytes += bodyBytes;
        return null;
    }

    /** How many images have come to an end. */
    synchronized int done() {
        return (int) names.keySet().stream().filter(this::ended).count();
    }

    private boolean ended(String id) {
        return made.containsKey(id) || dead.contains(id) || refused.containsKey(id);
    }

    /** How many entries have been made: it stands still when nothing happens. */
    synchronized long pulse() {
        return pulse;
    }

    synchronized int expected() {
        return names.size();
    }

    synchronized int dead() {
        return dead.size();
    }

    synchronized long imageBytes() {
        return imageBytes;
    }

    synchronized long brokerBytes() {
        return brokerBytes;
    }

    /** In the order of their names. */
    synchronized List<Thumbnail> thumbnails() {
        return made.values().stream()
                .sorted(Comparator.comparing(Thumbnail::image))
                .toList();
    }

    /** What was not sent, with the reason. */
    synchronized Map<String, String> unsent() {
        Map<String, String> unsent = new HashMap<>();
        refused.forEach((id, reason) -> {
            // One that nobody was sure of may have come all the same.
            if (!made.containsKey(id) && !dead.contains(id)) {
                unsent.put(names.getOrDefault(id, id), reason);
            }
        });
        return unsent;
    }

    /** The images of which nothing is known. */
    synchronized List<String> lost() {
        List<String> lost = new ArrayList<>();
        names.forEach((id, name) -> {
            if (!ended(id)) {
                lost.add(name);
            }
        });
        return lost;
    }
}
