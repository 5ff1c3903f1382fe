package dev.waybill.inmemory;

import static dev.waybill.inmemory.Fixture.ids;
import static dev.waybill.inmemory.Fixture.receive;
import static dev.waybill.inmemory.Fixture.receiveOne;
import static dev.waybill.inmemory.Fixture.settle;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.waybill.Capabilities;
import dev.waybill.Capability;
import dev.waybill.spi.Envelope;
import dev.waybill.spi.Held;
import dev.waybill.spi.Held.Disposition;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.Receiver;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(20)
class EmulationTest {
    private Fixture fixture = new Fixture();

    private Receiver emulate(String broker) {
        fixture.close();
        fixture = new Fixture("in-memory:?emulate=" + broker);
        return fixture.receiver();
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"rabbitmq", "kafka", "sqs"})
    void reportsComeOnAnotherThread(String broker) {
        Receiver receiver = emulate(broker);
        CompletableFuture<Thread> reporter = new CompletableFuture<>();
        Sent sent = new Sent("a");
        sent.report.thenRun(() -> reporter.complete(Thread.currentThread()));
        fixture.sender.send(List.of(sent));
        assertThat(reporter.join()).isNotSameAs(Thread.currentThread());
        Taken taken = settle(receiver, receiveOne(receiver), Disposition.ACCEPT);
        await().untilAsserted(() -> assertThat(taken.reports).containsExactly("settled"));
    }

    @Test
    void confirmationThatComesAfterTheDisconnectionIsNotReported() {
        emulate("rabbitmq");
        CompletableFuture<Void> goOn = new CompletableFuture<>();
        Sent first = new Sent("a");
        Sent second = new Sent("b");
        CompletableFuture<Void> reporting = new CompletableFuture<>();
        first.report.thenRun(() -> {
            reporting.complete(null);
            goOn.join();
        });
        fixture.sender.send(List.of(first));
        reporting.join();
        fixture.sender.send(List.of(second));
        fixture.inspection.disconnect();
        goOn.complete(null);
        assertThat(second.report).isCompletedWithValue("CONNECTION_LOST, maybe stored");
        assertThat(fixture.inspection.depth("orders")).isEqualTo(2);

        Sent third = new Sent("c");
        fixture.newSender().send(List.of(third));
        assertThat(third.report.join()).isEqualTo("stored");
        assertThat(fixture.inspection.violations()).isEmpty();
    }

    @Test
    void rabbitMqLocksDoNotEndByTime() {
        Receiver receiver = emulate("rabbitmq");
        fixture.send("a");
        Inbound held = receiveOne(receiver);
        assertThat(held.lockedUntilNanos()).isEqualTo(Inbound.NO_LOCK_END);
        fixture.time.advance(Duration.ofHours(24));
        assertThat(receive(fixture.receiver(), 1)).isEmpty();
        assertThat(fixture.broker.capabilities().has(Capability.LOCK_EXPIRY)).isFalse();
        assertThatThrownBy(() -> receiver.extend(List.<Held>of(new Taken(held, Disposition.ACCEPT))))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("no timed locks");
        receiver.close();
        assertThat(receiveOne(fixture.receiver()).deliveryCount()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"kafka", "sqs"})
    void releaseCountsUpToTheDeadLetterQueue(String broker) {
        Receiver receiver = emulate(broker);
        assertThat(fixture.broker.capabilities().has(Capability.UNCOUNTED_RELEASE))
                .isFalse();
        fixture.send("a");
        // Three deliveries, and three more that core does not pass to a handler.
        for (int delivery = 1; delivery <= 6; delivery++) {
            Inbound held = receiveOne(receiver);
            assertThat(held.deliveryCount()).isEqualTo(delivery);
            settle(receiver, held, Disposition.RELEASE);
        }
        assertThat(fixture.inspection.deadLetters("orders")).isEqualTo(1);
    }

    @Test
    void rabbitMqReleaseDoesNotCount() {
        Receiver receiver = emulate("rabbitmq");
        fixture.send("a");
        for (int i = 0; i < 12; i++) {
            Inbound held = receiveOne(receiver);
            assertThat(held.deliveryCount()).isEqualTo(1);
            settle(receiver, held, Disposition.RELEASE);
        }
    }

    @Test
    void sqsKeepsWhatAClosedReceiverHeldUntilItsLockEnds() {
        Receiver receiver = emulate("sqs");
        fixture.send("a");
        Inbound held = receiveOne(receiver);
        receiver.close();
        assertThat(held.lost()).isTrue();
        Receiver next = fixture.receiver();
        assertThat(receive(next, 1)).isEmpty();
        assertThat(fixture.inspection.held("orders")).isEqualTo(1);
        fixture.time.advance(Duration.ofSeconds(30));
        assertThat(receiveOne(next).deliveryCount()).isEqualTo(2);
    }

    @Test
    void kafkaGivesBackAtOnceWhatAClosedReceiverHeld() {
        Receiver receiver = emulate("kafka");
        fixture.send("a");
        receiveOne(receiver);
        receiver.close();
        assertThat(receiveOne(fixture.receiver()).deliveryCount()).isEqualTo(2);
    }

    @Test
    void kafkaKeepsTheOrderOfAKeyAndNoOther() {
        Receiver receiver = emulate("kafka");
        List<Sent> batch = IntStream.range(0, 80)
                .mapToObj(i -> new Sent(String.format("%02d", i), "key" + i % 8))
                .toList();
        fixture.sender.send(batch);
        List<Inbound> received = receive(receiver, 100);

        assertThat(received).hasSize(80);
        assertThat(ids(received)).isNotEqualTo(ids(received).stream().sorted().toList());
        for (int key = 0; key < 8; key++) {
            String name = "key" + key;
            assertThat(received.stream()
                            .filter(inbound -> name.equals(inbound.envelope().key()))
                            .map(inbound -> inbound.envelope().id())
                            .toList())
                    .hasSize(10)
                    .isSorted();
        }
    }

    @Test
    void kafkaSpreadsMessagesWithoutKey() {
        Receiver receiver = emulate("kafka");
        String[] texts =
                IntStream.range(0, 90).mapToObj(i -> String.format("%02d", i)).toArray(String[]::new);
        fixture.send(texts);
        List<String> received = ids(receive(receiver, 100));
        assertThat(received).containsExactlyInAnyOrder(texts).startsWith("16", "17", "18", "32", "33", "34", "48");
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4, 5, 6, 50})
    void sqsDeliversEveryMessageOutOfOrder(int count) {
        Receiver receiver = emulate("sqs");
        String[] texts = IntStream.range(0, count)
                .mapToObj(i -> String.format("%02d", i))
                .toArray(String[]::new);
        fixture.send(texts);
        List<String> received = IntStream.range(0, 5)
                .mapToObj(i -> ids(receive(receiver, 10)))
                .flatMap(List::stream)
                .toList();
        assertThat(received).containsExactlyInAnyOrder(texts).isNotEqualTo(List.of(texts));
    }

    @Test
    void sqsReturnsAtMostTenMessages() {
        Receiver receiver = emulate("sqs");
        fixture.send(IntStream.range(0, 15).mapToObj(i -> "m" + i).toArray(String[]::new));
        assertThat(receive(receiver, 100)).hasSize(10);
        assertThat(receive(receiver, 100)).hasSize(5);
    }

    @Test
    void sqsTakesAtMostTenMessagesAndOneMebibyteACall() {
        emulate("sqs");
        List<Sent> eleven =
                IntStream.range(0, 11).mapToObj(i -> new Sent("m" + i)).toList();
        assertThatThrownBy(() -> fixture.sender.send(eleven)).isInstanceOf(IllegalArgumentException.class);
        byte[] large = new byte[600_000];
        List<Sent> tooManyBytes = IntStream.range(0, 2)
                .mapToObj(i -> new Sent(new Envelope("m" + i, null, null, 0, Map.of(), large)))
                .toList();
        assertThatThrownBy(() -> fixture.sender.send(tooManyBytes))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("bytes in one batch");
        Sent tooLarge = new Sent(new Envelope("m", null, null, 0, Map.of(), new byte[1 << 20]));
        fixture.sender.send(List.of(tooLarge));
        assertThat(tooLarge.report.join()).isEqualTo("TOO_LARGE, not stored");
    }

    @Test
    void sqsTakesAtMostSixteenCallsAtOnce() {
        emulate("sqs");
        fixture.inspection.holdConfirmations();
        for (int i = 0; i < 16; i++) {
            fixture.sender.send(List.of(new Sent("m" + i)));
        }
        assertThatThrownBy(() -> fixture.sender.send(List.of(new Sent("m16"))))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("16 calls open");
    }

    @ParameterizedTest
    @CsvSource({"rabbitmq, 86400000", "kafka, 31622400000", "sqs, 900000"})
    void aSendIsDelayedByNoMoreThanTheBrokerCan(String broker, long most) {
        Receiver receiver = emulate(broker);
        assertThat(fixture.broker.limits().maxDelayMillis()).isEqualTo(most);
        Envelope envelope = new Sent("a").envelope();
        assertThatThrownBy(() -> fixture.sender.send(List.of(new Sent(envelope, most + 1))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a delay of " + (most + 1) + " ms");
        Sent sent = new Sent(envelope, most);
        fixture.sender.send(List.of(sent));
        assertThat(sent.report.join()).isEqualTo("stored");
        fixture.time.advance(Duration.ofMillis(most - 1));
        assertThat(receive(receiver, 1)).isEmpty();
        fixture.time.advance(Duration.ofMillis(1));
        assertThat(receiveOne(receiver).redelivered()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"rabbitmq, EMULATED", "kafka, EMULATED", "sqs, NATIVE"})
    void delaysComeAboutAsTheyDoOnTheBroker(String broker, Capabilities.Level level) {
        emulate(broker);
        Capabilities capabilities = fixture.broker.capabilities();
        assertThat(capabilities.support(Capability.DELAYED_SEND).level()).isEqualTo(level);
        assertThat(capabilities.support(Capability.DELAYED_RETRY).level()).isEqualTo(level);
    }

    @ParameterizedTest
    @ValueSource(strings = {"rabbitmq", "kafka", "sqs"})
    void everyCapabilitySaysHowOrWhyNot(String broker) {
        emulate(broker);
        for (Capability capability : Capability.values()) {
            assertThat(fixture.broker.capabilities().support(capability).note())
                    .as("%s", capability)
                    .isNotEmpty();
        }
    }
}
