package dev.waybill.convoy;

import dev.waybill.Message;
import dev.waybill.Queue;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/** A message as it waits in the store to be sent, and back. */
final class Letter {
    private static final String ID = "id";
    private static final String KEY = "key";
    private static final String PRIORITY = "priority";
    private static final String TIER = "tier";
    private static final String DELAY = "delay";
    private static final String HEADER = "h.";

    private Letter() {}

    /**
     * A message without a key gets that of the convoy.
     *
     * @param now by the store's clock
     */
    static <T> Outgoing of(String convoy, Queue<T> queue, Message<T> message, byte[] body, long now) {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put(ID, message.id());
        fields.put(KEY, message.key().orElse(convoy));
        if (message.priority() > 0) {
            fields.put(PRIORITY, Integer.toString(message.priority()));
        }
        message.tier().ifPresent(tier -> fields.put(TIER, tier));
        long delay = message.delayMillis(now);
        if (delay > 0) {
            fields.put(DELAY, Long.toString(delay));
        }
        message.headers().forEach((name, value) -> fields.put(HEADER + name, value));
        return new Outgoing(0, convoy, queue.name(), fields, body, 0);
    }

    /** @param waited for how many milliseconds it has waited */
    static <T> Message<T> message(Outgoing letter, T payload, long waited) {
        Message.Builder<T> message = Message.with(payload);
        letter.message().forEach((name, value) -> {
            switch (name) {
                case ID -> message.id(value);
                case KEY -> message.key(value);
                case PRIORITY -> message.priority(Integer.parseInt(value));
                case TIER -> message.tier(value);
                case DELAY -> message.delay(Duration.ofMillis(Math.max(0, Long.parseLong(value) - waited)));
                default -> message.header(name.substring(HEADER.length()), value);
            }
        });
        return message.build();
    }
}
