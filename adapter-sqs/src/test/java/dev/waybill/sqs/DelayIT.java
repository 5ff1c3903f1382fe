package dev.waybill.sqs;

import static dev.waybill.sqs.Fixture.settle;
import static dev.waybill.sqs.Fixture.take;
import static dev.waybill.sqs.Fixture.texts;
import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.servers.TestServer;
import dev.waybill.servers.TestServers;
import dev.waybill.spi.Held.Disposition;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.Receiver;
import dev.waybill.spi.ReceiverOptions;
import dev.waybill.spi.Sender;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Delayed sends and delayed returns on a real server. */
class DelayIT {
    private static final Duration LOCK = Duration.ofSeconds(30);
    private static final Duration SHORT_LOCK = Duration.ofSeconds(1);

    /** Rounded up by less than one second; the rest is a busy machine's. */
    private static final Duration LATEST = Duration.ofSeconds(3);

    private static TestServer server;

    @BeforeAll
    static void start() {
        server = TestServers.start("sqs");
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static Fixture fixture(Duration lock) {
        return new Fixture(server.uri(), lock);
    }

    /** Receives and accepts so many; how long after the start each text came. */
    private static Map<String, Duration> arrivals(Receiver receiver, int count, long start, int deliveryCount)
            throws InterruptedException {
        Map<String, Duration> arrivals = new HashMap<>();
        while (arrivals.size() < count) {
            List<Taken> one = take(receiver, 1);
            Inbound inbound = one.get(0).inbound();
            arrivals.put(one.get(0).text(), Duration.ofNanos(System.nanoTime() - start));
            assertThat(inbound.deliveryCount()).isEqualTo(deliveryCount);
            assertThat(inbound.redelivered()).isEqualTo(deliveryCount > 1);
            settle(receiver, one, Disposition.ACCEPT);
            assertThat(one.get(0).report()).isEqualTo("settled");
        }
        return arrivals;
    }

    private static void assertInTime(Map<String, Duration> arrivals, String text, long delayMillis) {
        Duration delay = Duration.ofMillis(delayMillis);
        assertThat(arrivals.get(text)).as(text).isBetween(delay, delay.plus(LATEST));
    }

    @Test
    void messages_of_one_batch_come_each_in_its_time_and_not_as_redelivered() throws InterruptedException {
        try (Fixture fixture = fixture(LOCK);
                Sender sender = fixture.sender();
                Receiver receiver = fixture.receiver()) {
            List<Sent> batch =
                    List.of(new Sent("late", 4_000), new Sent("now", 0), new Sent("soon", 1_500), new Sent("next", 1));
            long start = System.nanoTime();
            sender.send(batch);
            assertThat(batch).extracting(Sent::join).containsOnly("stored");
            Map<String, Duration> arrivals = arrivals(receiver, 4, start, 1);
            assertInTime(arrivals, "now", 0);
            assertInTime(arrivals, "next", 1);
            assertInTime(arrivals, "soon", 1_500);
            assertInTime(arrivals, "late", 4_000);
            assertThat(fixture.counts(fixture.main)).isEqualTo("0 visible, 0 locked");
        }
    }

    @Test
    void the_longest_delay_is_taken() throws InterruptedException {
        try (Fixture fixture = fixture(LOCK);
                Sender sender = fixture.sender();
                Receiver receiver = fixture.receiver()) {
            Sent sent = new Sent("m", fixture.broker.limits().maxDelayMillis());
            sender.send(List.of(sent));
            assertThat(sent.join()).isEqualTo("stored");
            assertThat(receiver.receive(1, Duration.ZERO)).isEmpty();
        }
    }

    @Test
    void returns_of_one_batch_come_again_each_in_its_time_and_counted() throws InterruptedException {
        try (Fixture fixture = fixture(LOCK);
                Receiver receiver = fixture.receiver()) {
            Map<String, Long> delays = Map.of("late", 4_000L, "now", 0L, "soon", 1_500L, "next", 1L);
            fixture.send("late", "now", "soon", "next");
            List<Taken> taken = take(receiver, 4);
            taken.forEach(each -> each.retryAfter(delays.get(each.text())));
            long start = System.nanoTime();
            receiver.settle(taken);
            for (Taken each : taken) {
                assertThat(each.report()).isEqualTo("settled");
            }
            Map<String, Duration> arrivals = arrivals(receiver, 4, start, 2);
            delays.forEach((text, delay) -> assertInTime(arrivals, text, delay));
        }
    }

    @Test
    void a_delay_may_be_longer_than_the_lock_and_holds_up_no_other_message() throws InterruptedException {
        try (Fixture fixture = fixture(SHORT_LOCK);
                Receiver receiver = fixture.receiver()) {
            fixture.send("waits");
            List<Taken> waits = take(receiver, 1);
            assertThat(receiver.canDelay(waits.get(0).inbound(), 4_000)).isTrue();
            waits.get(0).retryAfter(4_000);
            long start = System.nanoTime();
            receiver.settle(waits);
            assertThat(waits.get(0).report()).isEqualTo("settled");

            fixture.send("a", "b", "c");
            Map<String, Duration> others = arrivals(receiver, 3, start, 1);
            assertThat(others.values()).allSatisfy(after -> assertThat(after).isLessThan(LATEST));
            assertInTime(arrivals(receiver, 1, start, 2), "waits", 4_000);
        }
    }

    @Test
    void a_heartbeat_that_crosses_a_delayed_return_does_not_end_the_delay() throws InterruptedException {
        String[] texts = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
        try (Fixture fixture = fixture(SHORT_LOCK);
                Receiver receiver = fixture.receiver()) {
            fixture.send(texts);
            List<Taken> taken = take(receiver, texts.length);
            long start = System.nanoTime();
            for (Taken each : taken) {
                each.retryAfter(3_000);
                receiver.extend(List.of(each));
                receiver.settle(List.of(each));
            }
            for (Taken each : taken) {
                assertThat(each.report()).isEqualTo("extended");
                assertThat(each.report()).isEqualTo("settled");
            }
            Map<String, Duration> arrivals = arrivals(receiver, texts.length, start, 2);
            assertThat(arrivals).containsOnlyKeys(texts);
            arrivals.keySet().forEach(text -> assertInTime(arrivals, text, 3_000));
        }
    }

    @Test
    void what_waits_when_its_receiver_is_closed_comes_to_another_in_its_time() throws InterruptedException {
        try (Fixture fixture = fixture(LOCK);
                Receiver other = fixture.receiver()) {
            fixture.send("m");
            Receiver receiver = fixture.receiver();
            List<Taken> taken = take(receiver, 1);
            taken.get(0).retryAfter(2_000);
            long start = System.nanoTime();
            receiver.settle(taken);
            receiver.close();
            assertInTime(arrivals(other, 1, start, 2), "m", 2_000);
        }
    }

    @Test
    void a_delayed_return_counts_towards_the_brokers_own_limit() throws InterruptedException {
        try (Fixture fixture = new Fixture(server.uri(), LOCK, 2);
                Receiver receiver = fixture.receiver()) {
            fixture.send("poison");
            for (int delivery = 1; delivery <= fixture.queue.wideLimit(); delivery++) {
                List<Taken> taken = take(receiver, 1);
                assertThat(taken.get(0).inbound().deliveryCount()).isEqualTo(delivery);
                taken.get(0).retryAfter(1_000);
                receiver.settle(taken);
                assertThat(taken.get(0).report()).isEqualTo("settled");
            }
            // SQS moves it when it would be received once more.
            assertThat(receiver.receive(1, Duration.ofSeconds(3))).isEmpty();
            assertThat(fixture.counts(fixture.dead)).isEqualTo("1 visible, 0 locked");
            assertThat(texts(take(fixture.broker.receiver(fixture.dead, new ReceiverOptions(1)), 1)))
                    .containsExactly("poison");
        }
    }
}
