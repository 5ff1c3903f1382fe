package dev.waybill.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.Capability;
import dev.waybill.Message;
import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Rules of concurrency, back-pressure, pause and close. */
abstract class FlowRules extends Chapter {

    @Test
    void q4_1_aSubscriptionRunsAsManyHandlersAsItsConcurrencyAndNeverMore() {
        Queue<String> queue = newQueue().build();
        int concurrency = 5;
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        Semaphore finish = new Semaphore(0);
        AtomicInteger handled = new AtomicInteger();
        waybill.consumer(queue).concurrency(concurrency).start(delivery -> {
            most.accumulateAndGet(running.incrementAndGet(), Math::max);
            finish.acquire();
            running.decrementAndGet();
            handled.incrementAndGet();
        });
        send(waybill.producer(queue), 30, i -> "m" + i, new Ledger());
        await().untilAsserted(() -> assertThat(running).hasValue(concurrency));
        stays("no more than that", () -> assertThat(running).hasValue(concurrency));
        finish.release(30);
        await().untilAsserted(() -> assertThat(handled).hasValue(30));
        assertThat(most).hasValue(concurrency);
    }

    @Test
    void q4_2_concurrencyGoesUpAndDownOnALiveSubscriptionWithoutLoss() {
        Queue<String> queue = newQueue().build();
        Ledger ledger = new Ledger();
        AtomicInteger running = new AtomicInteger();
        Semaphore finish = new Semaphore(0);
        Subscription subscription = waybill.consumer(queue)
                .concurrency(2)
                .prefetch(4)
                .start(delivery -> {
                    running.incrementAndGet();
                    finish.acquire();
                    running.decrementAndGet();
                    ledger.seen(delivery);
                });
        send(waybill.producer(queue), 300, i -> "m" + i, ledger);
        await().untilAsserted(() -> assertThat(running).hasValue(2));
        subscription.concurrency(8);
        assertThat(subscription.concurrency()).isEqualTo(8);
        await().untilAsserted(() -> assertThat(running).hasValue(8));
        subscription.concurrency(3);
        finish.release(20);
        await().untilAsserted(() -> assertThat(ledger.distinct()).isEqualTo(20));
        await().untilAsserted(() -> assertThat(running).hasValue(3));
        stays("the surplus is gone", () -> assertThat(running).hasValue(3));
        finish.release(300);
        awaitAllSeen(ledger);
        assertNoUnflaggedDuplicates(ledger);
    }

    @Test
    void q4_3_slowWorkIsShared() {
        Queue<String> queue = newQueue().build();
        int count = 120;
        AtomicInteger[] shares = {new AtomicInteger(), new AtomicInteger()};
        for (AtomicInteger share : shares) {
            another().consumer(queue).concurrency(2).prefetch(2).start(delivery -> {
                // Work that takes its time: what is tested is how it spreads.
                TimeUnit.MILLISECONDS.sleep(20);
                share.incrementAndGet();
            });
        }
        // Both must have joined before the work begins.
        Producer<String> producer = waybill.producer(queue);
        await().until(() -> {
            producer.send("warm-up").join();
            return shares[0].get() > 0 && shares[1].get() > 0;
        });
        int before = shares[0].get() + shares[1].get();
        int first = shares[0].get();
        send(producer, count, i -> "m" + i, new Ledger());
        await().until(() -> shares[0].get() + shares[1].get() >= before + count);
        double share = (shares[0].get() - first) / (double) (shares[0].get() + shares[1].get() - before);
        assertThat(share).as("share of the first consumer").isBetween(0.25, 0.75);
    }

    @Test
    void q4_4_consumersJoinAndLeaveWithoutLoss() {
        Queue<String> queue =
                newQueue().maxDeliveries(10).lockDuration(harness().shortLock()).build();
        Ledger ledger = new Ledger();
        Producer<String> producer = waybill.producer(queue);
        Waybill steady = another();
        steady.consumer(queue).concurrency(2).start(ledger::seen);
        for (int round = 0; round < 4; round++) {
            Waybill guest = another();
            Subscription visiting = guest.consumer(queue).concurrency(2).start(ledger::seen);
            int from = round * 250;
            send(producer, 250, i -> "m" + (from + i), ledger);
            visiting.close(Duration.ofSeconds(5));
            guest.close();
        }
        awaitAllSeen(ledger);
        assertNoUnflaggedDuplicates(ledger);
    }

    @Test
    void q5_1_aConsumerThatIsStuckLeavesToOthersWhatItCannotHold() throws Exception {
        Queue<String> queue = newQueue().build();
        CountDownLatch finish = new CountDownLatch(1);
        AtomicInteger stuck = new AtomicInteger();
        another().consumer(queue).concurrency(2).prefetch(3).start(delivery -> {
            stuck.incrementAndGet();
            finish.await();
        });
        Producer<String> producer = waybill.producer(queue);
        send(producer, 10, i -> "first" + i, new Ledger());
        await().untilAsserted(() -> assertThat(stuck).hasValue(2));
        AtomicInteger others = new AtomicInteger();
        another().consumer(queue).start(delivery -> others.incrementAndGet());
        send(producer, 100, i -> "m" + i, new Ledger());
        // It holds five; a broker that hands out whole batches may have given it one batch more.
        await().untilAsserted(() -> assertThat(others).hasValueGreaterThanOrEqualTo(95));
        finish.countDown();
        await().untilAsserted(() -> assertThat(others.get() + stuck.get()).isEqualTo(110));
    }

    @Test
    void q6_1_closeWaitsForRunningHandlersAndWhatTheyFinishedIsSettled() throws Exception {
        Queue<String> queue = newQueue().lockDuration(harness().shortLock()).build();
        CountDownLatch started = new CountDownLatch(3);
        CountDownLatch finish = new CountDownLatch(1);
        AtomicInteger finished = new AtomicInteger();
        Subscription subscription = waybill.consumer(queue).concurrency(3).start(delivery -> {
            started.countDown();
            finish.await();
            finished.incrementAndGet();
        });
        send(waybill.producer(queue), 3, i -> "m" + i, new Ledger());
        assertThat(started.await(harness().patience().toSeconds(), TimeUnit.SECONDS))
                .isTrue();
        Thread closing = new Thread(() -> subscription.close(Duration.ofSeconds(20)));
        closing.start();
        stays("close waits", () -> assertThat(closing.isAlive()).isTrue());
        finish.countDown();
        closing.join();
        assertThat(finished).hasValue(3);
        assertThat(subscription.state()).isEqualTo(Subscription.State.CLOSED);
        AtomicInteger again = new AtomicInteger();
        another().consumer(queue).start(delivery -> again.incrementAndGet());
        stays("what was finished does not come again", () -> assertThat(again).hasValue(0));
    }

    @Test
    void q6_2_closeGivesBackWhatWasNotStartedAndLosesNothing() throws Exception {
        // Each of two that leave handles one message and has others in hand, for which it is a delivery, the last with
        // the second.
        // All come with one fetch, so that none is under way, of which SQS counts what it brings.
        int inHand = 9;
        int leaving = 2;
        Queue<String> queue = newQueue().maxDeliveries(leaving).build();
        Ledger ledger = new Ledger();
        int messages = 50;
        send(waybill.producer(queue), messages, i -> "m" + i, ledger);
        CountDownLatch finish = new CountDownLatch(1);
        List<Thread> closing = new ArrayList<>();
        for (int i = 0; i < leaving; i++) {
            CountDownLatch started = new CountDownLatch(1);
            Subscription subscription = another()
                    .consumer(queue)
                    .prefetch(inHand)
                    .start(delivery -> {
                        started.countDown();
                        finish.await();
                        ledger.seen(delivery);
                    });
            await().until(() -> started.getCount() == 0);
            Thread closes = new Thread(() -> subscription.close(Duration.ofSeconds(20)));
            closes.start();
            await().until(() -> subscription.health().messages() == 1);
            closing.add(closes);
        }
        List<Integer> counts = new CopyOnWriteArrayList<>();
        another().consumer(queue).start(delivery -> {
            counts.add(delivery.deliveryCount());
            ledger.seen(delivery);
        });
        await().untilAsserted(() -> assertThat(counts).hasSize(messages - leaving));
        finish.countDown();
        for (Thread closes : closing) {
            closes.join();
        }
        awaitAllSeen(ledger);
        assertNoUnflaggedDuplicates(ledger);
        assertThat(waybill.deadLetters(queue).count()).isZero();
        if (has(Capability.UNCOUNTED_RELEASE)) {
            assertThat(counts).containsOnly(1);
        }
    }

    @Test
    void q6_3_pauseStopsTheStartOfHandlersResumeGoesOnAndNothingIsLost() {
        Queue<String> queue =
                newQueue().maxDeliveries(10).lockDuration(harness().shortLock()).build();
        Ledger ledger = new Ledger();
        Subscription subscription =
                waybill.consumer(queue).concurrency(2).prefetch(10).start(ledger::seen);
        Producer<String> producer = waybill.producer(queue);
        send(producer, 20, i -> "before" + i, ledger);
        awaitAllSeen(ledger);
        subscription.pause();
        assertThat(subscription.state()).isEqualTo(Subscription.State.PAUSED);
        Message<String> during = send(producer, 20, i -> "during" + i, ledger).get(0);
        stays("nothing is handled while paused", () -> assertThat(ledger.lost()).hasSize(20));
        assertThat(ledger.lost()).contains(during.id());
        subscription.resume();
        assertThat(subscription.state()).isEqualTo(Subscription.State.RUNNING);
        awaitAllSeen(ledger);
        assertNoUnflaggedDuplicates(ledger);
    }

    @Test
    void q6_4_whatAPauseFindsOnItsWayCountsNoDeliveryHoweverLateItsTurn() {
        // Longer than a lock that a test just outlasts: nothing here is to lose one.
        Duration lock = harness().shortLock().multipliedBy(2);
        Queue<String> queue = newQueue().maxDeliveries(10).lockDuration(lock).build();
        Ledger ledger = new Ledger();
        List<Integer> counts = new CopyOnWriteArrayList<>();
        CountDownLatch finish = new CountDownLatch(1);
        AtomicInteger started = new AtomicInteger();
        Subscription subscription = waybill.consumer(queue)
                .concurrency(1)
                .prefetch(50)
                .start(delivery -> {
                    started.incrementAndGet();
                    counts.add(delivery.deliveryCount());
                    finish.await();
                    ledger.seen(delivery);
                });
        stays("idle, so that it waits for messages", () -> assertThat(started).hasValue(0));
        Producer<String> producer = waybill.producer(queue);
        send(producer, 1, i -> "before", ledger);
        await().untilAsserted(() -> assertThat(started).hasValue(1));
        subscription.pause();
        send(producer, 60, i -> "during" + i, ledger);
        stays("paused", () -> assertThat(started).hasValue(1));
        subscription.resume();
        Awaitility.await("the first holds up the others")
                .during(lock)
                .atMost(lock.plusSeconds(5))
                .until(() -> started.get() == 1);
        finish.countDown();
        awaitAllSeen(ledger);
        assertThat(counts).hasSize(61).containsOnly(1);
    }
}
