package dev.waybill.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.time.Duration.ofDays;
import static java.time.Duration.ofHours;
import static java.time.Duration.ofMillis;
import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.waybill.Codec;
import dev.waybill.DeadLetterHeaders;
import dev.waybill.Delivery;
import dev.waybill.Message;
import dev.waybill.Outcome;
import dev.waybill.Queue;
import dev.waybill.RetryPolicy;
import dev.waybill.SendException;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.inmemory.InMemoryInspection;
import dev.waybill.inmemory.SettableTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is sent on: to the dead-letter queue, or to its own for later. */
@Timeout(60)
class MovesTest {
    private final SettableTime time = new SettableTime();
    private final List<Waybill> opened = new ArrayList<>();
    private final Queue<String> queue =
            Queue.named("q", Codec.text()).maxDeliveries(2).build();

    private Waybill open(String uri, boolean settable) {
        WaybillConfig config = WaybillConfig.of(Map.of(
                "waybill.broker",
                "in-memory",
                "waybill.uri",
                uri,
                "waybill.client-name",
                "billing-7",
                "waybill.producer.send-timeout",
                "2s"));
        Waybill waybill = Waybill.open(settable ? config.time(time) : config);
        opened.add(waybill);
        return waybill;
    }

    private static InMemoryInspection look(Waybill waybill) {
        return waybill.unwrap(InMemoryInspection.class).orElseThrow();
    }

    @AfterEach
    void nothingIsLeftOpen() {
        opened.forEach(Waybill::close);
        opened.forEach(
                waybill -> assertThat(look(waybill).violations()).as("breaches").isEmpty());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"in-memory:", "in-memory:?emulate=rabbitmq", "in-memory:?emulate=kafka", "in-memory:?emulate=sqs"
            })
    void aMessageComesAtItsTimeHoweverFarThatIs(String uri) {
        Waybill waybill = open(uri, true);
        List<Delivery<String>> seen = new CopyOnWriteArrayList<>();
        waybill.consumer(queue).start(seen::add);
        Message<String> message =
                Message.with("m").header("tenant", "acme").delay(ofHours(1)).build();
        waybill.producer(queue).sendAndWait(message);
        // SQS delays by 15 minutes at most: there it comes in between, and is sent on.
        for (int quarter = 1; quarter <= 4; quarter++) {
            await().until(() -> look(waybill).delayed("q") == 1 && look(waybill).held("q") == 0);
            assertThat(seen).isEmpty();
            time.advance(quarter < 4 ? ofMinutes(15) : ofMinutes(14));
        }
        await().until(() -> look(waybill).delayed("q") == 1 && look(waybill).held("q") == 0);
        assertThat(seen).isEmpty();
        time.advance(ofMinutes(1));
        await().untilAsserted(() -> assertThat(seen).hasSize(1));
        Delivery<String> delivery = seen.get(0);
        assertThat(delivery.id()).isEqualTo(message.id());
        assertThat(delivery.headers()).isEqualTo(Map.of("tenant", "acme"));
        assertThat(delivery.redelivered()).isFalse();
        assertThat(delivery.deliveryCount()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"in-memory:", "in-memory:?emulate=rabbitmq", "in-memory:?emulate=kafka", "in-memory:?emulate=sqs"
            })
    void aMessageThatIsDueMuchLaterComesToAnotherProcessToo(String uri) {
        Waybill waybill = open(uri.replace("in-memory:", "in-memory:shared"), true);
        Waybill other = open(uri.replace("in-memory:", "in-memory:shared"), true);
        List<Integer> counts = new CopyOnWriteArrayList<>();
        AtomicInteger first = new AtomicInteger();
        Subscription failing = waybill.consumer(queue).startReturning(delivery -> {
            first.incrementAndGet();
            return Outcome.retry(ofMinutes(20));
        });
        waybill.producer(queue).sendAndWait("m");
        await().untilAsserted(() -> assertThat(first).hasValue(1));
        await().until(() -> look(waybill).delayed("q") == 1);
        failing.close();
        other.consumer(queue).start(delivery -> counts.add(delivery.deliveryCount()));
        time.advance(ofMinutes(15));
        await().until(() -> look(waybill).delayed("q") == 1 && look(waybill).held("q") == 0);
        assertThat(counts).isEmpty();
        time.advance(ofMinutes(5));
        await().untilAsserted(() -> assertThat(counts).containsExactly(2));
    }

    @Test
    void aDeadLetterTellsWhatHappened() {
        Waybill waybill = open("in-memory:", false);
        waybill.consumer(queue).start(delivery -> {
            throw new IllegalStateException("no such customer: ".concat("x".repeat(5000)));
        });
        List<Delivery<byte[]>> dead = new CopyOnWriteArrayList<>();
        waybill.deadLetterConsumer(queue).start(dead::add);
        waybill.producer(queue).sendAndWait("m");
        await().untilAsserted(() -> assertThat(dead).hasSize(1));
        Map<String, String> headers = dead.get(0).headers();
        assertThat(headers)
                .containsEntry(DeadLetterHeaders.QUEUE, "q")
                .containsEntry(DeadLetterHeaders.DELIVERIES, "2")
                .containsEntry(DeadLetterHeaders.EXCEPTION, "java.lang.IllegalStateException")
                .containsEntry(DeadLetterHeaders.CONSUMER, "billing-7")
                .containsKeys(DeadLetterHeaders.HOST, DeadLetterHeaders.TIME);
        assertThat(headers.get(DeadLetterHeaders.MESSAGE))
                .startsWith("no such customer")
                .hasSize(1024);
        assertThat(headers.get(DeadLetterHeaders.STACK))
                .contains("IllegalStateException")
                .hasSizeLessThanOrEqualTo(4096);
        assertThat(headers.get(DeadLetterHeaders.REASON)).startsWith("delivery 2 of 2 failed");
        assertThat(dead.get(0).sentAtMillis()).isPositive();
    }

    /** A message as large as the broker takes has no room for a stack trace. */
    @Test
    void aDeadLetterThatWouldBeTooLargeTellsLess() {
        Waybill waybill = open("in-memory:?emulate=sqs", false);
        Queue<byte[]> large = Queue.named("large", Codec.bytes()).build();
        waybill.consumer(large).startReturning(delivery -> Outcome.deadLetter("r".repeat(2000)));
        List<Delivery<byte[]>> dead = new CopyOnWriteArrayList<>();
        waybill.deadLetterConsumer(large).start(dead::add);
        byte[] body = new byte[(1 << 20) - 800];
        waybill.producer(large).sendAndWait(body);
        await().untilAsserted(() -> assertThat(dead).hasSize(1));
        assertThat(dead.get(0).payload()).hasSameSizeAs(body);
        assertThat(dead.get(0).headers().get(DeadLetterHeaders.REASON)).hasSize(128);
        assertThat(dead.get(0).headers()).doesNotContainKey(DeadLetterHeaders.HOST);
    }

    /** Rule D9: an outage of the dead-letter queue, or of what delays, loses nothing and stops nobody who can go on. */
    @ParameterizedTest
    @ValueSource(strings = {"in-memory:?emulate=rabbitmq", "in-memory:?emulate=kafka"})
    void whatCannotBeSentOnStaysInItsQueue(String uri) {
        Waybill waybill = open(uri, false);
        Queue<String> often = Queue.named("q", Codec.text())
                .maxDeliveries(2)
                .retry(RetryPolicy.fixed(ofMillis(5)))
                .build();
        Set<String> good = ConcurrentHashMap.newKeySet();
        List<String> dead = new CopyOnWriteArrayList<>();
        var producer = waybill.producer(often);
        for (int i = 0; i < 20; i++) {
            producer.sendAndWait("bad" + i);
        }
        look(waybill).refuseSends(30, SendException.Reason.REJECTED);
        waybill.consumer(often).concurrency(2).prefetch(4).start(delivery -> {
            if (delivery.payload().startsWith("bad")) {
                throw new IllegalStateException("always");
            }
            good.add(delivery.payload());
        });
        waybill.deadLetterConsumer(often).start(delivery -> dead.add(new String(delivery.payload())));
        await().atMost(ofSeconds(40)).untilAsserted(() -> assertThat(dead).hasSize(20));
        assertThat(Set.copyOf(dead)).hasSize(20);
        producer.sendAndWait("good");
        await().untilAsserted(() -> assertThat(good).containsExactly("good"));
        await().untilAsserted(() -> {
            assertThat(look(waybill).depth("q")).isZero();
            assertThat(look(waybill).held("q")).isZero();
        });
    }

    @Test
    void whatCannotBeSentOnGoesBackAtTheClose() {
        Waybill waybill = open("in-memory:?emulate=rabbitmq", false);
        waybill.producer(queue).sendAndWait("m");
        look(waybill).refuseSends(Integer.MAX_VALUE, SendException.Reason.REJECTED);
        AtomicInteger handled = new AtomicInteger();
        Subscription subscription = waybill.consumer(queue).startReturning(delivery -> {
            handled.incrementAndGet();
            return Outcome.deadLetter("away");
        });
        await().untilAsserted(() -> assertThat(handled).hasValue(1));
        subscription.close(ofSeconds(10));
        assertThat(look(waybill).depth("q")).isEqualTo(1);
        assertThat(look(waybill).held("q")).isZero();
    }

    /** Each close costs a delivery there, and after the last one of its own the broker might lose the message. */
    @ParameterizedTest
    @ValueSource(strings = {"in-memory:?emulate=kafka", "in-memory:?emulate=sqs"})
    void whatWaitsForTheDeadLettersOutlivesAnyNumberOfConsumers(String uri) {
        Waybill waybill = open(uri, false);
        Queue<String> often = Queue.named("q", Codec.text())
                .maxDeliveries(2)
                .retry(RetryPolicy.immediate())
                .build();
        Message<String> message = Message.with("m").header("tenant", "acme").build();
        waybill.producer(often).sendAndWait(message);
        look(waybill).refuseDeadLetters(true);
        List<Integer> handled = new CopyOnWriteArrayList<>();
        for (int consumer = 1; consumer <= 12; consumer++) {
            Subscription subscription = waybill.consumer(often).startReturning(delivery -> {
                handled.add(delivery.deliveryCount());
                return Outcome.retry();
            });
            await().until(() -> subscription.health().detail().startsWith("cannot send on 1 messages"));
            assertThat(subscription.close(ofSeconds(10))).isTrue();
            assertThat(look(waybill).deadLetters("q")).isZero();
        }
        look(waybill).refuseDeadLetters(false);
        List<Delivery<byte[]>> dead = new CopyOnWriteArrayList<>();
        waybill.deadLetterConsumer(often).start(dead::add);
        waybill.consumer(often).startReturning(delivery -> {
            handled.add(delivery.deliveryCount());
            return Outcome.retry();
        });
        await().untilAsserted(() -> assertThat(dead).hasSize(1));
        assertThat(dead.get(0).id()).isEqualTo(message.id());
        assertThat(dead.get(0).payload()).isEqualTo("m".getBytes(UTF_8));
        assertThat(dead.get(0).headers())
                .containsEntry("tenant", "acme")
                .doesNotContainKey(CoreHeaders.DELIVERIES)
                .hasEntrySatisfying(
                        DeadLetterHeaders.REASON, reason -> assertThat(reason).endsWith("times, and not settled"));
        assertThat(handled).containsExactly(1, 2);
        assertThat(look(waybill).depth("q")).isZero();
    }

    @Test
    void aHeaderOfCoreThatIsNoNumberMakesAPoisonMessage() {
        assertThat(CoreHeaders.defect(Map.of(CoreHeaders.DELIVERIES, "many"), 5))
                .contains("'many'");
        assertThat(CoreHeaders.defect(Map.of(CoreHeaders.DUE, "-3"), 5)).contains("'-3'");
        assertThat(CoreHeaders.defect(Map.of(CoreHeaders.DUE, "3", CoreHeaders.DELIVERIES, "2"), 5))
                .isNull();
    }

    @Test
    void aMessageThatIsDueLaterThanAnyMayBeMakesAPoisonMessage() {
        long now = 1_000;
        assertThat(CoreHeaders.defect(due(now + ofDays(365).toMillis()), now)).isNull();
        assertThat(CoreHeaders.defect(due(now + ofDays(367).toMillis()), now)).contains(CoreHeaders.DUE);
        assertThat(CoreHeaders.defect(due(Long.MAX_VALUE), now)).contains(CoreHeaders.DUE);
    }

    private static Map<String, String> due(long millis) {
        return Map.of(CoreHeaders.DUE, Long.toString(millis));
    }

    @Test
    void aLaterVersionMakesAPoisonMessage() {
        assertThat(CoreHeaders.defect(Map.of(CoreHeaders.VERSION, "1"), 5)).isNull();
        assertThat(CoreHeaders.defect(Map.of(CoreHeaders.VERSION, "2".repeat(100)), 5))
                .contains("'" + "2".repeat(40) + "...'");
        assertThat(CoreHeaders.without(Map.of(CoreHeaders.VERSION, "1", "tenant", "acme")))
                .isEqualTo(Map.of("tenant", "acme"));
    }
}
