package dev.waybill.it;

import dev.waybill.Codec;
import dev.waybill.Delivery;
import dev.waybill.Message;
import dev.waybill.MessageHandler;
import dev.waybill.PriorityPolicy;
import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/**
 * A queue with so much of the higher of two levels that its handlers are always busy: what is handled is replaced. Some low messages
 * are at hand before it begins, so that whether one is handled is a matter of the order alone, and not of how fast anything is.
 */
final class Flood implements MessageHandler<String> {
    private static final int LOWS = 16;
    private static final int LOW = 0;
    private static final int HIGH = 1;
    private static final int HANDLERS = 4;
    /** How many of a level are at hand, so that a slow answer of the server leaves no handler without. */
    private static final int PREFETCH = 64;

    private static final int HIGHS = 80;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final long boundMillis;
    private final int handlerMillis;
    private final Producer<String> producer;
    private final Subscription subscription;
    private final CountDownLatch go = new CountDownLatch(1);
    private volatile boolean over;

    private final List<Start> starts = new ArrayList<>();
    /** How many had started when a handler's thread was done with its last; guarded by the starts. */
    private final Map<Thread, Integer> seen = new HashMap<>();

    private volatile long lowsSentBy;

    /**
     * The start of a handler.
     *
     * @param before how many others had started when its thread asked for a message: those certainly went first
     */
    private record Start(int level, long sentAt, int before) {}

    /**
     * Has the handlers started, and held up.
     *
     * @param bound what is sent so long after the low messages is late
     */
    Flood(Waybill waybill, PriorityPolicy policy, Duration bound, int handlerMillis) {
        boundMillis = bound.toMillis();
        this.handlerMillis = handlerMillis;
        Queue<String> queue = Queue.named("flood-" + Long.toString(System.nanoTime(), 36), Codec.text())
                .priorities(policy)
                .build();
        producer = waybill.producer(queue);
        subscription =
                waybill.consumer(queue).concurrency(HANDLERS).prefetch(PREFETCH).start(this);
        send(HIGH, HANDLERS);
    }

    @Override
    public void handle(Delivery<String> delivery) throws InterruptedException {
        synchronized (starts) {
            starts.add(new Start(
                    delivery.priority(), delivery.sentAtMillis(), seen.getOrDefault(Thread.currentThread(), 0)));
        }
        go.await();
        TimeUnit.MILLISECONDS.sleep(handlerMillis);
        if (delivery.priority() == HIGH && !over) {
            var unused = producer.send(message(HIGH));
        }
        synchronized (starts) {
            seen.put(Thread.currentThread(), starts.size());
        }
    }

    /** Lets the handlers go on, when the low messages and enough high ones are at hand. */
    void begin() {
        soon(() -> starts().size() == HANDLERS);
        send(LOW, LOWS);
        lowsSentBy = System.currentTimeMillis();
        soon(() -> subscription.health().messages() >= HANDLERS + LOWS);
        send(HIGH, HIGHS);
        soon(() -> subscription.health().messages() >= HANDLERS + LOWS + PREFETCH / 2);
        go.countDown();
    }

    /** Goes on until all low messages, or so many of the late ones, have been handled. */
    void flow(int late) {
        soon(() -> {
            List<Start> now = starts();
            return lows(now).size() >= LOWS || lates(now) >= late;
        });
        over = true;
    }

    /** Without more, until all low messages have been handled. */
    void runDry() {
        soon(() -> lows(starts()).size() >= LOWS);
    }

    /** How many late messages went before the low one that fared worst. */
    long latesBeforeALow() {
        List<Start> all = starts();
        return lows(all).stream()
                .mapToLong(low -> lates(all.subList(0, low.before)))
                .max()
                .orElseThrow();
    }

    private List<Start> starts() {
        synchronized (starts) {
            return List.copyOf(starts);
        }
    }

    private static List<Start> lows(List<Start> some) {
        return some.stream().filter(start -> start.level == LOW).toList();
    }

    private long lates(List<Start> some) {
        return some.stream()
                .filter(start -> start.level == HIGH && start.sentAt > lowsSentBy + boundMillis)
                .count();
    }

    private void send(int level, int count) {
        CompletableFuture.allOf(Stream.generate(() -> producer.send(message(level)))
                        .limit(count)
                        .toArray(CompletableFuture[]::new))
                .join();
    }

    private static Message<String> message(int level) {
        return Message.with("m").priority(level).build();
    }

    private static void soon(Callable<Boolean> condition) {
        Awaitility.await().atMost(PATIENCE).pollInterval(Duration.ofMillis(20)).until(condition);
    }
}
