package dev.waybill.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waybill.Capability;
import dev.waybill.Consumer;
import dev.waybill.Delivery;
import dev.waybill.Message;
import dev.waybill.MessageHandler;
import dev.waybill.Outcome;
import dev.waybill.PriorityPolicy;
import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.RetryPolicy;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Rules of priorities: what goes first, and what does not wait for ever. */
abstract class PriorityRules extends Chapter {
    private static final int LEVELS = 4;
    private static final int HIGH = LEVELS - 1;
    /** How many of a level are fetched ahead, so that a slow answer of the broker leaves none without. */
    private static final int AT_HAND = 64;

    private final AtomicBoolean over = new AtomicBoolean();

    @AfterEach
    void stopSending() {
        over.set(true);
    }

    private static Message<String> message(String payload, int level) {
        return Message.with(payload).priority(level).build();
    }

    private static void sendAll(Producer<String> producer, List<Message<String>> messages) {
        CompletableFuture.allOf(messages.stream().map(producer::send).toArray(CompletableFuture[]::new))
                .join();
    }

    /** A handler that holds up the first message until it is told to go on, and notes the others. */
    private static final class Held implements MessageHandler<String> {
        final List<Delivery<String>> handled = new CopyOnWriteArrayList<>();
        private final CountDownLatch entered = new CountDownLatch(1);
        private final CountDownLatch go = new CountDownLatch(1);
        private final AtomicBoolean first = new AtomicBoolean(true);
        final Subscription subscription;

        Held(Consumer<String> consumer) {
            subscription = consumer.start(this);
        }

        @Override
        public void handle(Delivery<String> delivery) throws InterruptedException {
            if (first.getAndSet(false)) {
                entered.countDown();
                go.await();
            } else {
                handled.add(delivery);
            }
        }
    }

    private void awaitHeld(Subscription subscription, int messages) {
        await().untilAsserted(() -> assertThat(subscription.health().messages())
                .as("%s", subscription.health())
                .isGreaterThanOrEqualTo(messages));
    }

    @Test
    void p1_1_aHigherLevelGoesFirstAndWithinALevelTheFirst() throws Exception {
        Queue<String> queue = newQueue().priorities(LEVELS).build();
        Held handler = heldUp(queue);
        List<Message<String>> sent = IntStream.range(0, 40)
                .mapToObj(i -> message(String.format(Locale.ROOT, "%02d", i), i % LEVELS))
                .toList();
        sendAll(waybill.producer(queue), sent);
        List<Delivery<String>> order = order(handler, 40);
        assertThat(order).isSortedAccordingTo(Comparator.comparingInt(delivery -> -delivery.priority()));
        assertThat(order)
                .allSatisfy(delivery ->
                        assertThat(delivery.priority()).isEqualTo(Integer.parseInt(delivery.payload()) % LEVELS));
        if (has(Capability.FIFO)) {
            assertThat(order)
                    .extracting(Delivery::payload)
                    .containsExactlyElementsOf(sent.stream()
                            .sorted(Comparator.comparingInt(message -> -message.priority()))
                            .map(Message::payload)
                            .toList());
        }
    }

    @Test
    void p1_2_aHighMessageGoesBeforeAllThatWaitInALowerLevel() {
        Queue<String> queue = newQueue().priorities(LEVELS).build();
        Producer<String> producer = waybill.producer(queue);
        List<String> handled = new CopyOnWriteArrayList<>();
        int highs = 5;
        // More than there is time for, twice over: somebody who gets them in the order of their sends is found out, and
        // soon.
        sendAll(queue, 2 * highs * (4 + lowsMeanwhile()), "low", 0);
        waybill.consumer(queue).prefetch(8).start(delivery -> {
            TimeUnit.MILLISECONDS.sleep(20);
            handled.add(delivery.payload());
        });
        for (int i = 0; i < highs; i++) {
            int before = handled.size();
            await().until(() -> handled.size() > before + 3);
            CompletableFuture<Void> sent = producer.send(message("high", HIGH));
            sent.join();
            int stored = handled.size();
            await().until(() -> since(handled, before).contains("high"));
            // One is being handled, and while the broker hands it out there may be others.
            int lows = since(handled, stored).indexOf("high");
            assertThat(lows).as("handled between its send and its turn").isLessThan(lowsMeanwhile());
        }
    }

    private static List<String> since(List<String> handled, int from) {
        List<String> now = List.copyOf(handled);
        return now.subList(from, now.size());
    }

    /** How many low messages of 20 ms each may be handled while a broker stores a message and hands it out. */
    private int lowsMeanwhile() {
        return 2 + (int) (harness().lateness().toMillis() / 20);
    }

    @Test
    void p1_3_aMessageKeepsItsLevel() {
        Queue<String> queue = newQueue()
                .priorities(LEVELS)
                .maxDeliveries(2)
                .retry(RetryPolicy.immediate())
                .build();
        List<Delivery<String>> handled = new CopyOnWriteArrayList<>();
        AtomicBoolean broken = new AtomicBoolean(true);
        waybill.consumer(queue).startReturning(delivery -> {
            handled.add(delivery);
            return broken.get() ? Outcome.retry() : Outcome.accept();
        });
        sendAll(waybill.producer(queue), List.of(message("two", 2), message("none", 0)));
        await().untilAsserted(
                        () -> assertThat(waybill.deadLetters(queue).count()).isEqualTo(2));
        await().untilAsserted(() -> assertThat(handled).hasSize(4));
        assertThat(handled).extracting(Delivery::deliveryCount).containsExactlyInAnyOrder(1, 1, 2, 2);
        assertLevels(handled);
        broken.set(false);
        handled.clear();
        assertThat(waybill.deadLetters(queue)
                        .redrive(dev.waybill.DeadLetterFilter.all())
                        .run()
                        .moved())
                .isEqualTo(2);
        await().untilAsserted(() -> assertThat(handled).hasSize(2));
        assertLevels(handled);
        assertComesInItsLevelAfterADelay();
    }

    /** Before all that wait in a level below, though those are above the middle. */
    private void assertComesInItsLevelAfterADelay() {
        if (!has(Capability.DELAYED_RETRY)) {
            return;
        }
        int high = 6;
        Queue<String> queue = newQueue().priorities(high + 1).build();
        Duration delay = Duration.ofMillis(200);
        // Twice as long as it takes at most until it is there.
        int backlog = 2 * (int) (delay.plus(harness().lateness()).toMillis() / 20) + lowsMeanwhile();
        List<String> handled = new CopyOnWriteArrayList<>();
        waybill.consumer(queue).prefetch(8).startReturning(delivery -> {
            if (delivery.priority() == high && delivery.deliveryCount() == 1) {
                handled.add("first");
                return Outcome.retry(delay);
            }
            TimeUnit.MILLISECONDS.sleep(20);
            handled.add(delivery.payload());
            return Outcome.accept();
        });
        sendAll(queue, 1, "high", high);
        await().until(() -> handled.contains("first"));
        sendAll(queue, backlog, "low", high - 1);
        await().until(() -> handled.contains("high"));
        assertThat(handled.indexOf("high")).as("its place among %s", backlog).isLessThan(backlog * 3 / 4);
    }

    private static void assertLevels(List<Delivery<String>> handled) {
        assertThat(handled)
                .allSatisfy(delivery -> assertThat(delivery.priority())
                        .isEqualTo(delivery.payload().equals("two") ? 2 : 0))
                .allSatisfy(delivery -> assertThat(delivery.headers()).isEmpty());
    }

    @Test
    void p1_4_aLevelOrTierThatIsNotThereIsAnError() {
        Queue<String> queue = newQueue()
                .priorities(PriorityPolicy.strict(3).tier("premium", 2, Duration.ofSeconds(1)))
                .build();
        Producer<String> producer = waybill.producer(queue);
        assertThatThrownBy(() -> producer.send(message("too high", 3)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("is 3")
                .hasMessageContaining("0 to 2");
        assertThatThrownBy(
                        () -> producer.send(Message.with("unknown").tier("gold").build()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'gold'")
                .hasMessageContaining("premium");
        assertThatThrownBy(() -> waybill.producer(newQueue().build()).send(message("none", 1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("has no priorities");
    }

    @Test
    void p1_5_whatWaitsInALowerLevelGoesBackAtTheClose() throws Exception {
        Queue<String> queue = newQueue().priorities(LEVELS).build();
        Held handler = heldUp(queue);
        // More than core asks for: the adapter may have some, too.
        int lows = AT_HAND + 16;
        sendAll(queue, lows, "low", 0);
        awaitHeld(handler.subscription, 1 + AT_HAND);
        // At its deadline the first message goes back, too, and comes again.
        Thread closing =
                new Thread(() -> handler.subscription.close(harness().patience().multipliedBy(2)));
        closing.start();
        List<Delivery<String>> again = new CopyOnWriteArrayList<>();
        another().consumer(queue).start(again::add);
        // While the one that is being handled still is.
        await().untilAsserted(() -> assertThat(again).hasSize(lows));
        handler.go.countDown();
        closing.join();
        assertThat(handler.handled).isEmpty();
        if (has(Capability.UNCOUNTED_RELEASE)) {
            assertThat(again).extracting(Delivery::deliveryCount).containsOnly(1);
        }
    }

    /** Starts the only handler, which is held up by a first message. */
    private Held heldUp(Queue<String> queue) throws InterruptedException {
        Held handler = new Held(another().consumer(queue).prefetch(AT_HAND));
        waybill.producer(queue).send(message("first of all", HIGH)).join();
        assertThat(handler.entered.await(harness().patience().toMillis(), TimeUnit.MILLISECONDS))
                .isTrue();
        return handler;
    }

    /** Lets it go on when so many messages are at hand, and says in which order it gets them. */
    private List<Delivery<String>> order(Held handler, int messages) {
        awaitHeld(handler.subscription, 1 + messages);
        handler.go.countDown();
        await().untilAsserted(() -> assertThat(handler.handled).hasSize(messages));
        return List.copyOf(handler.handled);
    }

    private void sendAll(Queue<String> queue, int count, String payload, int level) {
        sendAll(
                waybill.producer(queue),
                IntStream.range(0, count).mapToObj(i -> message(payload, level)).toList());
    }

    @Test
    void p2_1_strictPriorityStarves() throws Exception {
        Queue<String> queue = newQueue().priorities(LEVELS).build();
        Held handler = heldUp(queue);
        sendAll(queue, 10, "low", 0);
        sendAll(queue, 30, "high", HIGH);
        List<Delivery<String>> order = order(handler, 40);
        assertThat(order.subList(0, 30)).extracting(Delivery::priority).containsOnly(HIGH);
        assertThat(order.subList(30, 40)).extracting(Delivery::priority).containsOnly(0);
    }

    @Test
    void p2_2_withAgingAMessageIsOvertakenOnlyByWhatComesSoonAfterIt() throws Exception {
        Duration interval = Duration.ofSeconds(1);
        Queue<String> queue = newQueue()
                .priorities(PriorityPolicy.strict(LEVELS).aging(interval))
                .build();
        Held handler = heldUp(queue);
        long sentAt = System.nanoTime();
        sendAll(queue, 5, "low", 0);
        sendAll(queue, 5, "soon", HIGH);
        long sentBy = System.nanoTime();
        // It rises by a level in each interval, and so is as high as any by then.
        Duration bound = interval.multipliedBy(HIGH);
        assertThat(Duration.ofNanos(sentBy - sentAt)).isLessThan(bound);
        await().until(() -> Duration.ofNanos(System.nanoTime() - sentBy).compareTo(bound) > 0);
        sendAll(queue, 5, "late", HIGH);
        List<String> order = order(handler, 15).stream().map(Delivery::payload).toList();
        assertThat(order.subList(0, 5)).containsOnly("soon");
        assertThat(order.subList(5, 10)).containsOnly("low");
        assertThat(order.subList(10, 15)).containsOnly("late");
    }

    @Test
    void p2_3_aLevelHasItsShareAndOthersHaveWhatItDoesNotNeed() throws Exception {
        Queue<String> queue = newQueue()
                .priorities(PriorityPolicy.strict(LEVELS).share(0, 0.2).share(1, 0.3))
                .build();
        Held handler = heldUp(queue);
        // Level 1 has nothing.
        sendAll(queue, 30, "low", 0);
        sendAll(queue, 30, "high", HIGH);
        List<Delivery<String>> order = order(handler, 60);
        int low = 0;
        for (int handled = 1; handled <= 37; handled++) {
            low += order.get(handled - 1).priority() == 0 ? 1 : 0;
            assertThat(low)
                    .as("of level 0, of %s", handled)
                    .isBetween((int) (0.2 * handled) - 1, (int) (0.2 * handled) + 1);
        }
    }

    @Test
    void p2_4_competingConsumersKeepTheLeastShareTogether() {
        Queue<String> queue = newQueue()
                .priorities(PriorityPolicy.strict(LEVELS).share(0, 0.25))
                .build();
        Producer<String> producer = waybill.producer(queue);
        AtomicInteger high = new AtomicInteger();
        List<Integer> highsBefore = new CopyOnWriteArrayList<>();
        sendAll(queue, 200, "high", HIGH);
        for (int i = 0; i < 2; i++) {
            another().consumer(queue).prefetch(AT_HAND).start(delivery -> {
                TimeUnit.MILLISECONDS.sleep(10);
                if (delivery.priority() == 0) {
                    highsBefore.add(high.get());
                } else {
                    high.incrementAndGet();
                    // What is handled is replaced, so that there is always some.
                    if (!over.get()) {
                        var unused = producer.send(message("high", HIGH));
                    }
                }
            });
        }
        await().until(() -> high.get() > 100);
        sendAll(queue, 200, "low", 0);
        await().until(() -> highsBefore.size() >= 120);
        int highs = highsBefore.get(119) - highsBefore.get(19);
        assertThat(100.0 / (100 + highs)).as("%s", highsBefore).isGreaterThan(0.225);
    }

    @Test
    void p3_1_tiersComeFromTheConfiguration() {
        Waybill configured = another(harness()
                .config()
                .with("waybill.priorities.customers.levels", "3")
                .with("waybill.priorities.customers.aging", "10s")
                .with("waybill.priorities.customers.share.0", "0.1")
                .with("waybill.priorities.customers.tier.premium.level", "2")
                .with("waybill.priorities.customers.tier.premium.target", "500ms")
                .with("waybill.priorities.customers.tier.free.level", "0")
                .with("waybill.priorities.customers.tier.free.target", "1 minute"));
        Queue<String> queue = newQueue().priorities("customers").build();
        List<Delivery<String>> handled = new CopyOnWriteArrayList<>();
        configured.consumer(queue).start(handled::add);
        sendAll(
                configured.producer(queue),
                List.of(
                        Message.with("premium").tier("premium").build(),
                        Message.with("free").tier("free").build()));
        await().untilAsserted(() -> assertThat(handled).hasSize(2));
        assertThat(handled)
                .allSatisfy(delivery -> assertThat(delivery.tier())
                        .map(PriorityPolicy.Tier::name)
                        .contains(delivery.payload()));
        assertThat(handled).extracting(Delivery::priority).containsExactlyInAnyOrder(2, 0);
    }
}
