package dev.waybill.convoy;

import dev.waybill.Message;
import dev.waybill.Producer;
import dev.waybill.Queue;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends what convoys have sent: at least once, and in order for each convoy. For one thread. */
final class Relay {
    private static final Logger LOG = LoggerFactory.getLogger(Relay.class);
    private static final int BATCH = 500;
    /** What fails is left out for so long; for longer while one look after the other sends nothing, so that each reaches others. */
    private static final long PAUSE_MILLIS = 1000;

    private static final int MOST_DOUBLINGS = 3;
    private static final long NOTHING_KNOWN = Long.MAX_VALUE;

    /** How long a transaction may be kept open for sends to begin. */
    private static final long MOST_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final ConvoyStore store;
    private final String machine;
    private final Map<String, Target<?>> targets;
    private int inVain;

    Relay(ConvoyStore store, String machine, Map<String, Target<?>> targets) {
        this.store = store;
        this.machine = machine;
        this.targets = targets;
    }

    /** Where messages go. */
    record Target<T>(Queue<T> queue, Producer<T> producer) {
        CompletableFuture<Void> send(Outgoing letter, long waited) {
            Message<T> message;
            try {
                message = Letter.message(letter, queue.codec().decode(letter.body()), waited);
            } catch (Exception e) {
                return CompletableFuture.failedFuture(e);
            }
            return producer.send(message);
        }
    }

    private record Sending(Outgoing letter, CompletableFuture<Void> result) {}

    /** Sends some; 0 if there may be more at once. They stay with this process for as long as that takes. */
    long send() {
        try (ConvoyStore.Transaction transaction = store.begin()) {
            List<Outgoing> letters = transaction.outgoing(machine, BATCH);
            if (letters.isEmpty()) {
                return NOTHING_KNOWN;
            }
            List<Outgoing> sent = new ArrayList<>(letters.size());
            List<Outgoing> failed = new ArrayList<>();
            long pauseMillis = PAUSE_MILLIS << Math.min(inVain, MOST_DOUBLINGS);
            send(letters, sent, failed, pauseMillis);
            if (!sent.isEmpty()) {
                transaction.sent(sent);
            }
            if (!failed.isEmpty()) {
                transaction.postpone(failed, pauseMillis);
            }
            transaction.commit();
            inVain = sent.isEmpty() ? inVain + 1 : 0;
            return 0;
        }
    }

    /** The first of each convoy, then the second of each whose first is stored, and so on; what time is not left for comes next. */
    private void send(List<Outgoing> letters, List<Outgoing> sent, List<Outgoing> failed, long pauseMillis) {
        Map<String, ArrayDeque<Outgoing>> waiting = new LinkedHashMap<>();
        for (Outgoing letter : letters) {
            waiting.computeIfAbsent(letter.key(), key -> new ArrayDeque<>()).add(letter);
        }
        long start = System.nanoTime();
        while (!waiting.isEmpty() && System.nanoTime() - start < MOST_NANOS) {
            List<Sending> round = new ArrayList<>(waiting.size());
            Iterator<ArrayDeque<Outgoing>> each = waiting.values().iterator();
            // Each looks: after a halt another may have sent this one, and those behind it.
            while (each.hasNext() && System.nanoTime() - start < MOST_NANOS) {
                ArrayDeque<Outgoing> ofConvoy = each.next();
                Outgoing next = ofConvoy.remove();
                round.add(new Sending(next, send(next, start)));
                if (ofConvoy.isEmpty()) {
                    each.remove();
                }
            }
            for (Sending sending : round) {
                try {
                    sending.result.join();
                    sent.add(sending.letter);
                } catch (RuntimeException e) {
                    LOG.warn(
                            "convoy '{}' of {} could not send message {} to {}; tried again in {} ms: {}",
                            sending.letter.key(),
                            machine,
                            sending.letter.message().get("id"),
                            sending.letter.queue(),
                            pauseMillis,
                            e.toString());
                    failed.add(sending.letter);
                    waiting.remove(sending.letter.key());
                }
            }
        }
    }

    /** @param since when it was read from the store */
    private CompletableFuture<Void> send(Outgoing letter, long since) {
        Target<?> target = targets.get(letter.queue());
        if (target == null) {
            return CompletableFuture.failedFuture(new IllegalStateException(
                    "queue '" + letter.queue() + "' is not one that these convoys send to: " + targets.keySet()));
        }
        try {
            return target.send(letter, letter.storedFor() + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - since));
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }
}
