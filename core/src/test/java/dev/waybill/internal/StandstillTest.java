package dev.waybill.internal;

import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.waybill.Codec;
import dev.waybill.Delivery;
import dev.waybill.Message;
import dev.waybill.Outcome;
import dev.waybill.Queue;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.inmemory.InMemoryInspection;
import dev.waybill.inmemory.SettableTime;
import dev.waybill.spi.Receiver;
import dev.waybill.spi.TimeSource;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A process that stands still, and then goes on as if nothing had been; as the clock sees it, which a test moves. */
@Timeout(30)
class StandstillTest {
    /** A third less than the session. */
    private static final Duration BOUND =
            SessionProvider.SESSION.multipliedBy(2).dividedBy(3);

    private final SettableTime time = new SettableTime();
    private final AtomicLong sleptMillis = new AtomicLong();
    private final AtomicLong looks = new AtomicLong();
    private final Waybill waybill = Waybill.open(WaybillConfig.of(
                    Map.of("waybill.broker", "session", "waybill.uri", "in-memory:?emulate=rabbitmq"))
            .time(new TimeSource() {
                @Override
                public long nanos() {
                    return time.nanos();
                }

                @Override
                public long epochMillis() {
                    if (Thread.currentThread().getName().startsWith("waybill-timer")) {
                        looks.incrementAndGet();
                    }
                    return time.epochMillis() + sleptMillis.get();
                }
            }));
    private final InMemoryInspection inspection =
            waybill.unwrap(InMemoryInspection.class).orElseThrow();

    private final CountDownLatch begun = new CountDownLatch(1);
    private final CountDownLatch goesOn = new CountDownLatch(1);
    private final List<String> handled = new CopyOnWriteArrayList<>();
    private final List<Boolean> lockLost = new CopyOnWriteArrayList<>();

    @AfterEach
    void nothingIsLeftOpen() {
        goesOn.countDown();
        SessionProvider.FAILED.forEach(Receiver::close);
        SessionProvider.FAILED.clear();
        waybill.close();
        assertThat(inspection.violations()).isEmpty();
    }

    private static Queue<String> queue(boolean ordered) {
        Queue.Builder<String> queue = Queue.named("q", Codec.text());
        return ordered ? queue.orderedByKey().build() : queue.build();
    }

    private void send(Queue<String> queue, int count) {
        for (int number = 1; number <= count; number++) {
            waybill.producer(queue)
                    .sendAndWait(Message.with("m" + number).key("k").build());
        }
    }

    /** The first that it handles waits until it may go on. */
    private void handle(Delivery<String> delivery) throws InterruptedException {
        handled.add(delivery.payload() + (delivery.redelivered() ? " again" : ""));
        begun.countDown();
        goesOn.await();
        lockLost.add(delivery.lockLost());
    }

    /** Sends so many, all of which a subscription holds when this returns, and handles the first. */
    private Subscription hold(Queue<String> queue, int count) throws InterruptedException {
        send(queue, count);
        Subscription subscription = waybill.consumer(queue).prefetch(2 * count).start(this::handle);
        begun.await();
        await().until(() -> inspection.held("q") == count);
        return subscription;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatHasNotStartedWhenAProcessStandsStillForTooLongComesAgain(boolean ordered) throws Exception {
        Queue<String> queue = queue(ordered);
        hold(queue, 3);
        time.advance(BOUND.plusMillis(1));
        await().until(() -> inspection.depth("q") == 3);
        goesOn.countDown();
        await().untilAsserted(() -> assertThat(handled).containsExactly("m1", "m1 again", "m2 again", "m3 again"));
        await().untilAsserted(() -> assertThat(lockLost).containsExactly(true, false, false, false));
        await().until(() -> inspection.held("q") == 0);
        assertThat(inspection.depth("q")).isZero();
        assertThat(inspection.openReceivers()).isEqualTo(1);
    }

    /** A worker that goes on may be quicker than the timer. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void nothingStartsBeforeTheStandstillIsNoticed(boolean ordered) throws Exception {
        Queue<String> queue = queue(ordered);
        hold(queue, 50);
        time.advance(BOUND.plusMillis(1));
        goesOn.countDown();
        await().untilAsserted(() -> assertThat(handled).contains("m50 again"));
        assertThat(handled).filteredOn(each -> !each.endsWith("again")).containsExactly("m1");
    }

    /** The clock that locks are reckoned by does not see it. */
    @Test
    void aMachineThatWasSuspendedHasStoodStill() throws Exception {
        Queue<String> queue = queue(false);
        hold(queue, 2);
        sleptMillis.addAndGet(BOUND.toMillis() + 1);
        await().until(() -> inspection.depth("q") == 2);
        goesOn.countDown();
        await().untilAsserted(() -> assertThat(handled).containsExactly("m1", "m1 again", "m2 again"));
    }

    @Test
    void aShortStandstillChangesNothing() throws Exception {
        Queue<String> queue = queue(false);
        hold(queue, 3);
        time.advance(BOUND);
        goesOn.countDown();
        await().until(() -> inspection.held("q") == 0);
        assertThat(handled).containsExactly("m1", "m2", "m3");
        assertThat(lockLost).containsOnly(false);
    }

    @Test
    void whatWasHeldByAReceiverThatWasReplacedIsNotLostForThat() throws Exception {
        Queue<String> queue = queue(false);
        send(queue, 1);
        SessionProvider.RECEIVES_LEFT.set(1);
        waybill.consumer(queue).concurrency(2).start(this::handle);
        begun.await();
        await().until(() -> inspection.openReceivers() == 2);
        for (int half = 0; half < 4; half++) {
            time.advance(BOUND.dividedBy(2));
            long before = looks.get();
            await().until(() -> looks.get() > before + 1);
        }
        goesOn.countDown();
        await().untilAsserted(() -> assertThat(lockLost).containsExactly(false));
        await().until(() -> inspection.held("q") == 0);
        assertThat(inspection.depth("q")).isZero();
    }

    @Test
    void whatAPausedSubscriptionHeldComesAgainWhenItGoesOn() throws Exception {
        Queue<String> queue = queue(true);
        Subscription subscription = hold(queue, 3);
        subscription.pause();
        goesOn.countDown();
        await().until(() -> inspection.held("q") == 2);
        time.advance(BOUND.plusMillis(1));
        await().until(() -> inspection.depth("q") == 2);
        subscription.resume();
        await().untilAsserted(() -> assertThat(handled).containsExactly("m1", "m2 again", "m3 again"));
    }

    /** Of a message that has come again by then, there would be two. */
    @Test
    void aCopyThatWaitsToBeSentDoesNotGoOutWhenItsLockHasEnded() {
        Queue<String> queue = queue(false);
        try (Waybill timed = Waybill.open(
                WaybillConfig.of(Map.of("waybill.broker", "in-memory")).time(time))) {
            InMemoryInspection look = timed.unwrap(InMemoryInspection.class).orElseThrow();
            timed.producer(queue).sendAndWait("m");
            look.block("no room");
            timed.consumer(queue).startReturning(delivery -> {
                handled.add("m" + delivery.deliveryCount());
                return Outcome.deadLetter("no use");
            });
            await().until(() -> look.openSenders() == 2);
            time.advance(queue.lockDuration().plus(ofSeconds(1)));
            await().untilAsserted(() -> assertThat(handled).containsExactly("m1", "m2"));
            look.unblock();
            await().until(() -> look.held("q") == 0);
            assertThat(look.deadLetters("q")).isEqualTo(1);
        }
    }
}
