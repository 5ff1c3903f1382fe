package dev.waybill.rabbitmq;

import static dev.waybill.rabbitmq.TestQueue.accept;
import static dev.waybill.rabbitmq.TestQueue.receive;
import static dev.waybill.rabbitmq.TestQueue.receiveOne;
import static dev.waybill.rabbitmq.TestQueue.settle;
import static dev.waybill.rabbitmq.TestQueue.whatComesWithin;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import dev.waybill.Capability;
import dev.waybill.SendException.Reason;
import dev.waybill.servers.RabbitMqServer;
import dev.waybill.spi.Broker;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.Browser;
import dev.waybill.spi.Envelope;
import dev.waybill.spi.Held.Disposition;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.Receiver;
import dev.waybill.spi.Sender;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What holds on every version of the server, on the adapter's own seam. */
abstract class Contract {
    static final Duration QUIET = Duration.ofMillis(300);

    private TestContext context;
    Broker broker;

    abstract RabbitMqServer server();

    @BeforeEach
    void open() {
        context = new TestContext(server().uri());
        broker = new RabbitMqBrokerProvider().open(context);
    }

    @AfterEach
    void close() {
        broker.close();
    }

    boolean releaseIsFree() {
        return broker.capabilities().has(Capability.UNCOUNTED_RELEASE);
    }

    /** A channel of the plain client, for what other software may do. */
    Channel plain() throws Exception {
        return broker.unwrap(Connection.class).orElseThrow().createChannel();
    }

    static List<String> ids(List<Inbound> messages) {
        return messages.stream().map(message -> message.envelope().id()).toList();
    }

    static List<String> names(int from, int to) {
        return IntStream.range(from, to).mapToObj(i -> "m" + i).toList();
    }

    @Test
    void everyPartOfAMessageArrivesInTheOrderOfSending() {
        TestQueue queue = TestQueue.declared(broker, 5);
        List<Sent> sent = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            Map<String, String> headers =
                    i % 2 == 0 ? Map.of() : Map.of("n", "" + i, "CC", "x", "x-delivery-count", "9");
            byte[] body = ("body " + i).getBytes(StandardCharsets.UTF_8);
            sent.add(new Sent(
                    new Envelope("m" + i, i % 3 == 0 ? null : "k" + i, "text/plain", 1000 + i, headers, body)));
        }
        queue.send(sent);
        assertThat(sent).allMatch(message -> message.stored);
        try (Receiver receiver = queue.receiver(100)) {
            for (int from = 0; from < sent.size(); from += 20) {
                List<Inbound> batch = receive(receiver, 20);
                for (int i = 0; i < batch.size(); i++) {
                    Inbound received = batch.get(i);
                    Envelope expected = sent.get(from + i).envelope;
                    assertThat(received.envelope()).matches(back -> Envelopes.same(back, expected));
                    assertThat(received.deliveryCount()).isEqualTo(1);
                    assertThat(received.redelivered()).isFalse();
                    assertThat(received.defect()).isNull();
                }
                accept(receiver, batch);
            }
            assertThat(whatComesWithin(receiver, QUIET)).isEmpty();
        }
        try (Receiver receiver = queue.receiver(100)) {
            assertThat(whatComesWithin(receiver, QUIET)).isEmpty();
        }
    }

    @Test
    void whatIsSettledOneByOneJustBeforeTheCloseIsSettled() {
        TestQueue queue = TestQueue.declared(broker, 50);
        for (int round = 0; round < 5; round++) {
            queue.send(names(0, 1001).stream().map(Sent::text).toList());
            try (Receiver receiver = queue.receiver(1001)) {
                List<Inbound> all = receive(receiver, 1001);
                receiver.stop();
                // While the first is held no acknowledgement can be for many.
                accept(receiver, all.subList(1, all.size()));
            }
            try (Receiver receiver = queue.receiver(1001)) {
                List<Inbound> left = receive(receiver, 1);
                assertThat(ids(left)).containsExactly("m0");
                accept(receiver, left);
                assertThat(whatComesWithin(receiver, QUIET)).isEmpty();
            }
        }
    }

    @Test
    void whoBrowsesSeesWhatComesBehindACopy() throws Exception {
        TestQueue queue = TestQueue.declared(broker, 50);
        queue.send(Stream.of("m0", "m0", "m0", "m1").map(Sent::text).toList());
        await().until(() -> broker.depth(queue.main()) == 4);
        try (Browser browser = broker.browser(queue.main())) {
            assertThat(browser.next(1)).extracting(Envelope::id).containsExactly("m0");
            assertThat(browser.next(1)).extracting(Envelope::id).containsExactly("m1");
            assertThat(browser.next(1)).isEmpty();
        }
    }

    @Test
    void aMessageWithALongIdIsSentAndTheConfirmsOfTheNextOnesAreTheirs() {
        TestQueue queue = TestQueue.declared(broker, 5);
        String id = "語".repeat(128);
        List<Sent> sent = List.of(Sent.text("before"), Sent.text(id), Sent.text("after"));
        queue.send(sent);
        assertThat(sent).allMatch(message -> message.stored);
        try (Receiver receiver = queue.receiver(10)) {
            assertThat(ids(receive(receiver, 3))).containsExactly("before", id, "after");
        }
    }

    @Test
    void headersThatDoNotFitAFrameAreRefusedAndTheConfirmsOfTheNextOnesAreTheirs() {
        TestQueue queue = TestQueue.declared(broker, 5);
        Sent huge = new Sent(new Envelope("huge", null, null, 1, Map.of("h", "x".repeat(200_000)), new byte[1]));
        Sent gone = Sent.text("gone");
        try (Sender sender = queue.sender();
                Sender nowhere = TestQueue.undeclared(broker, 5).sender()) {
            for (int round = 0; round < 3; round++) {
                Sent refused = new Sent(huge.envelope);
                List<Sent> batch = List.of(Sent.text("a" + round), refused, Sent.text("b" + round));
                sender.send(batch);
                await().until(() -> batch.stream().allMatch(Sent::reported));
                assertThat(batch.get(0).stored).isTrue();
                assertThat(refused.reason).isEqualTo(Reason.TOO_LARGE);
                assertThat(refused.maybeStored).isFalse();
                assertThat(batch.get(2).stored).isTrue();
                assertThat(sender.usable()).isTrue();
            }
            nowhere.send(List.of(huge, gone));
            await().until(gone::reported);
            assertThat(huge.reason).isEqualTo(Reason.TOO_LARGE);
            assertThat(gone.reason).isEqualTo(Reason.UNROUTABLE);
        }
        try (Receiver receiver = queue.receiver(10)) {
            assertThat(ids(receive(receiver, 6))).containsExactly("a0", "b0", "a1", "b1", "a2", "b2");
        }
    }

    @Test
    void aMessageToAQueueThatDoesNotExistIsUnroutableAndTheSenderStaysUsable() {
        TestQueue queue = TestQueue.undeclared(broker, 5);
        List<Sent> sent =
                IntStream.range(0, 50).mapToObj(i -> Sent.text("m" + i)).toList();
        try (Sender sender = queue.sender()) {
            sender.send(sent);
            await().until(() -> sent.stream().allMatch(Sent::reported));
            assertThat(sent).allSatisfy(message -> {
                assertThat(message.reason).isEqualTo(Reason.UNROUTABLE);
                assertThat(message.maybeStored).isFalse();
                assertThat(message.detail).contains(queue.name());
            });
            assertThat(sender.usable()).isTrue();
            broker.declare(queue.definition, dev.waybill.TopologyMode.DECLARE);
            Sent later = Sent.text("later");
            sender.send(List.of(later));
            await().until(() -> later.stored);
        }
        assertThat(sent).allMatch(message -> message.reports.get() == 1);
    }

    @Test
    void aMessageThatTheServerFindsTooLargeIsTheOnlyOneReportedSo() {
        TestQueue queue = TestQueue.declared(broker, 5);
        Sent small = Sent.text("small");
        Sent large = new Sent(new Envelope("large", null, null, 1, Map.of(), new byte[17 << 20]));
        try (Sender sender = queue.sender()) {
            sender.send(List.of(small, large));
            await().until(() -> small.reported() && large.reported());
            assertThat(large.reason).isEqualTo(Reason.TOO_LARGE);
            assertThat(large.maybeStored).isFalse();
            assertThat(small.stored || small.reason == Reason.CONNECTION_LOST && small.maybeStored)
                    .as("%s", small)
                    .isTrue();
            await().until(() -> !sender.usable());
            Sent after = Sent.text("after");
            sender.send(List.of(after));
            assertThat(after.reason).isEqualTo(Reason.CONNECTION_LOST);
            assertThat(after.maybeStored).isFalse();
        }
        queue.send(0, 1);
    }

    @Test
    void aFullQueueRefusesAndDoesNotStore() throws Exception {
        TestQueue queue = TestQueue.undeclared(broker, 5);
        try (Channel channel = plain()) {
            Map<String, Object> arguments =
                    Map.of("x-queue-type", "quorum", "x-max-length", 5, "x-overflow", "reject-publish");
            channel.queueDeclare(queue.name(), true, false, false, arguments);
            try (Sender sender = queue.sender()) {
                List<Sent> refused = new ArrayList<>();
                await().pollInterval(Duration.ofMillis(10)).until(() -> {
                    Sent sent = Sent.text("m" + refused.size());
                    sender.send(List.of(sent));
                    await().until(sent::reported);
                    if (!sent.stored) {
                        refused.add(sent);
                    }
                    return refused.size() == 3;
                });
                assertThat(refused).allMatch(sent -> sent.reason == Reason.REJECTED && !sent.maybeStored);
                assertThat(sender.usable()).isTrue();
            }
        }
    }

    @Test
    void aRetriedMessageComesAgainFlaggedAndCounted() {
        TestQueue queue = TestQueue.declared(broker, 5);
        queue.send(0, 1);
        try (Receiver receiver = queue.receiver(10)) {
            for (int delivery = 1; delivery <= 3; delivery++) {
                Inbound received = receiveOne(receiver);
                assertThat(received.deliveryCount()).isEqualTo(delivery);
                assertThat(received.redelivered()).isEqualTo(delivery > 1);
                TestQueue.awaitSettled(settle(receiver, received, Disposition.RETRY));
            }
        }
    }

    @Test
    void aReleasedMessageComesAgainFlaggedAndCountsWhereTheServerCountsIt() {
        TestQueue queue = TestQueue.declared(broker, 3);
        queue.send(0, 1);
        try (Receiver receiver = queue.receiver(10)) {
            for (int delivery = 1; delivery <= (releaseIsFree() ? 12 : 3); delivery++) {
                Inbound received = receiveOne(receiver);
                assertThat(received.deliveryCount()).isEqualTo(releaseIsFree() ? 1 : delivery);
                assertThat(received.redelivered()).isEqualTo(delivery > 1);
                TestQueue.awaitSettled(settle(receiver, received, Disposition.RELEASE));
            }
        }
    }

    @Test
    void afterTheLastDeliveryTheServerMovesItToTheDeadLetterQueueWhole() {
        for (int most : new int[] {1, 3}) {
            TestQueue queue = TestQueue.declared(broker, most);
            Sent sent = new Sent(new Envelope("m", "k", "text/plain", 77, Map.of("h", "v"), new byte[] {1, 2}));
            queue.send(List.of(sent));
            try (Receiver receiver = queue.receiver(10);
                    Receiver dead = queue.deadLetterReceiver()) {
                for (int delivery = 1; delivery <= most; delivery++) {
                    Inbound received = receiveOne(receiver);
                    assertThat(received.deliveryCount()).isEqualTo(delivery);
                    settle(receiver, received, Disposition.RETRY);
                }
                Inbound letter = receiveOne(dead);
                assertThat(letter.envelope()).matches(back -> Envelopes.same(TestQueue.alive(back), sent.envelope));
                assertThat(letter.deliveryCount()).isPositive();
                assertThat(whatComesWithin(receiver, QUIET)).isEmpty();
                for (int look = 0; look < 30; look++) {
                    settle(dead, letter, Disposition.RETRY);
                    letter = receiveOne(dead);
                }
                accept(dead, List.of(letter));
            }
        }
    }

    @Test
    void whatIsAcceptedOutOfOrderIsGoneAndTheRestComesAgain() {
        TestQueue queue = TestQueue.declared(broker, 5);
        queue.send(0, 100);
        try (Receiver receiver = queue.receiver(100)) {
            List<Inbound> received = receive(receiver, 100);
            List<Inbound> done = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                if (i % 7 != 3) {
                    done.add(received.get(i));
                }
            }
            java.util.Collections.shuffle(done, new java.util.Random(5));
            for (int i = 0; i < done.size(); i += 9) {
                accept(receiver, done.subList(i, Math.min(done.size(), i + 9)));
            }
        }
        try (Receiver receiver = queue.receiver(100)) {
            List<Inbound> again = receive(receiver, 14);
            assertThat(ids(again))
                    .containsExactlyElementsOf(names(0, 100).stream()
                            .filter(name -> Integer.parseInt(name.substring(1)) % 7 == 3)
                            .toList());
            assertThat(again).allMatch(Inbound::redelivered);
            assertThat(whatComesWithin(receiver, QUIET)).isEmpty();
        }
    }

    @Test
    void aSettlementAfterTheCloseIsLostAndTheMessageComesAgain() {
        TestQueue queue = TestQueue.declared(broker, 5);
        queue.send(0, 2);
        Receiver receiver = queue.receiver(10);
        List<Inbound> received = receive(receiver, 2);
        receiver.close();
        assertThat(received).allMatch(Inbound::lost);
        TestQueue.awaitLost(settle(receiver, received.get(0), Disposition.ACCEPT));
        try (Receiver next = queue.receiver(10)) {
            assertThat(ids(receive(next, 2))).containsExactly("m0", "m1");
            TestQueue.awaitLost(settle(next, received.get(0), Disposition.ACCEPT));
        }
    }

    @Test
    void aReceiverOfAQueueThatDoesNotExistIsMissing() {
        assertThatThrownBy(() -> TestQueue.undeclared(broker, 5).receiver(1))
                .isInstanceOfSatisfying(
                        BrokerException.class,
                        failed -> assertThat(failed.kind()).isEqualTo(BrokerException.Kind.MISSING));
    }

    @Test
    void aQueueThatIsDeletedWakesTheReceiverAndItsMessagesAreLost() throws Exception {
        TestQueue queue = TestQueue.declared(broker, 5);
        queue.send(0, 1);
        try (Receiver receiver = queue.receiver(10);
                Channel channel = plain()) {
            Inbound held = receiveOne(receiver);
            channel.queueDelete(queue.name());
            assertThatThrownBy(() -> receiver.receive(1, Duration.ofSeconds(20)))
                    .isInstanceOf(BrokerException.class)
                    .hasMessageContaining(queue.name());
            assertThat(held.lost()).isTrue();
        }
    }

    @Test
    void noMoreThanThePrefetchIsHeld() {
        TestQueue queue = TestQueue.declared(broker, 5);
        queue.send(0, 50);
        try (Receiver receiver = queue.receiver(7)) {
            List<Inbound> received = receive(receiver, 7);
            assertThat(whatComesWithin(receiver, QUIET)).isEmpty();
            accept(receiver, received.subList(0, 3));
            assertThat(ids(receive(receiver, 3))).containsExactly("m7", "m8", "m9");
            assertThat(whatComesWithin(receiver, QUIET)).isEmpty();
        }
    }

    @Test
    void aLargerPrefetchTakesEffectWhileTheFirstMessagesAreStillHeld() {
        TestQueue queue = TestQueue.declared(broker, 5);
        queue.send(0, 100);
        try (Receiver receiver = queue.receiver(2)) {
            List<Inbound> held = receive(receiver, 2);
            receiver.prefetch(20);
            List<Inbound> more = receive(receiver, 20);
            assertThat(ids(more)).containsExactlyElementsOf(names(2, 22));
            accept(receiver, held);
            accept(receiver, more);
            assertThat(ids(receive(receiver, 20))).containsExactlyElementsOf(names(22, 42));
        }
    }

    @Test
    void aSmallerPrefetchTakesEffectAsMessagesAreSettledAndNothingIsLost() {
        TestQueue queue = TestQueue.declared(broker, 5);
        queue.send(0, 100);
        try (Receiver receiver = queue.receiver(40)) {
            List<Inbound> held = receive(receiver, 40);
            receiver.prefetch(4);
            // Until then the server may send as many as before.
            await().until(context::idle);
            accept(receiver, held.subList(0, 30));
            assertThat(whatComesWithin(receiver, QUIET)).isEmpty();
            accept(receiver, held.subList(30, 36));
            List<Inbound> more = receive(receiver, 4);
            assertThat(ids(more)).containsExactlyElementsOf(names(40, 44));
            accept(receiver, held.subList(36, 40));
            assertThat(whatComesWithin(receiver, QUIET)).isEmpty();
            for (int i = 44; i < 100; i += 4) {
                accept(receiver, more);
                more = receive(receiver, 4);
                assertThat(ids(more)).containsExactlyElementsOf(names(i, i + 4));
            }
            assertThat(more).noneMatch(Inbound::redelivered);
        }
    }

    @Test
    void aPrefetchThatChangesAllTheTimeNeitherLosesNorHoardsMessages() {
        TestQueue queue = TestQueue.declared(broker, 5);
        queue.send(0, 300);
        try (Receiver receiver = queue.receiver(10)) {
            List<Inbound> held = new ArrayList<>();
            for (int round = 0; round < 10; round++) {
                receiver.prefetch(round % 2 == 0 ? 11 : 10);
                held.addAll(whatComesWithin(receiver, Duration.ofMillis(100)));
            }
            assertThat(held).hasSizeBetween(10, 33);
            int expected = 300;
            List<String> seen = new ArrayList<>(ids(held));
            while (seen.size() < expected) {
                accept(receiver, held);
                held = receive(receiver, 1);
                seen.addAll(ids(held));
            }
            assertThat(seen).containsExactlyElementsOf(names(0, 300));
        }
    }

    @Test
    void pauseGivesBackWhatWasNotHandedOverInOrderWhereThatIsFreeAndElseKeepsIt() throws Exception {
        TestQueue queue = TestQueue.declared(broker, 5);
        queue.send(0, 50);
        try (Receiver receiver = queue.receiver(30);
                Receiver other = queue.receiver(1)) {
            List<Inbound> held = receive(receiver, 5);
            receiver.pause();
            receiver.pause();
            assertThat(receiver.receive(10, Duration.ofSeconds(20))).isEmpty();
            List<Inbound> others = new ArrayList<>();
            int free = releaseIsFree() ? 45 : 20;
            for (int i = 0; i < free; i++) {
                Inbound one = receiveOne(other);
                others.add(one);
                accept(other, List.of(one));
            }
            assertThat(whatComesWithin(other, QUIET)).isEmpty();
            if (releaseIsFree()) {
                assertThat(others).allMatch(message -> message.deliveryCount() == 1);
                assertThat(ids(others.stream().filter(Inbound::redelivered).toList()))
                        .containsExactlyElementsOf(names(5, 30));
            }
            other.stop();
            queue.send(50, 60);
            assertThat(held).noneMatch(Inbound::lost);
            accept(receiver, held);
            receiver.resume();
            receiver.resume();
            List<Inbound> rest = receive(receiver, 50 - 5 - free + 10);
            List<String> all = new ArrayList<>(ids(held));
            all.addAll(ids(others));
            all.addAll(ids(rest));
            assertThat(all).containsExactlyInAnyOrderElementsOf(names(0, 60));
            assertThat(rest).allMatch(message -> message.deliveryCount() == 1);
        }
    }

    @Test
    void aPauseWhileRejectedMessagesComeAgainCountsNoDelivery() {
        TestQueue queue = TestQueue.declared(broker, 100);
        queue.send(0, 10);
        try (Receiver receiver = queue.receiver(20)) {
            for (int delivery = 1; delivery <= 10; delivery++) {
                List<Inbound> all = receive(receiver, 10);
                assertThat(all).extracting(Inbound::deliveryCount).containsOnly(delivery);
                all.forEach(message -> settle(receiver, message, Disposition.RETRY));
                receiver.pause();
                await().during(QUIET.multipliedBy(2))
                        .until(() -> receiver.receive(1, QUIET).isEmpty());
                receiver.resume();
            }
        }
    }

    @Test
    void aPausedQueueThatIsResumedComesInOrder() throws Exception {
        TestQueue queue = TestQueue.declared(broker, 5);
        queue.send(0, 400);
        try (Receiver receiver = queue.receiver(100)) {
            List<String> seen = new ArrayList<>();
            while (seen.size() < 400) {
                List<Inbound> some = receive(receiver, 20);
                receiver.pause();
                accept(receiver, some);
                receiver.resume();
                seen.addAll(ids(some));
            }
            assertThat(seen).containsExactlyElementsOf(names(0, 400));
            assertThat(receiver.receive(1, QUIET)).isEmpty();
        }
    }

    @Test
    void stopGivesBackWhatWasNotHandedOverOrHandsItOverWhereThatCountsAndWhatWasStaysValid() throws Exception {
        TestQueue queue = TestQueue.declared(broker, 5);
        queue.send(0, 50);
        Receiver receiver = queue.receiver(50);
        try (Receiver other = queue.receiver(100)) {
            List<Inbound> held = receive(receiver, 5);
            List<Inbound> left = receiver.stop();
            assertThat(ids(left)).isEqualTo(releaseIsFree() ? List.of() : names(5, 50));
            left.forEach(message -> settle(receiver, message, Disposition.RELEASE));
            assertThat(ids(receive(other, 45))).containsExactlyInAnyOrderElementsOf(names(5, 50));
            receiver.resume();
            assertThat(receiver.receive(1, Duration.ofSeconds(20))).isEmpty();
            accept(receiver, held);
            receiver.close();
            assertThat(whatComesWithin(other, QUIET)).isEmpty();
        }
    }

    @Test
    void aForeignMessageArrivesWhateverItIsMadeOf() throws Exception {
        TestQueue queue = TestQueue.declared(broker, 5);
        try (Channel channel = plain();
                Receiver receiver = queue.receiver(10)) {
            channel.basicPublish("", queue.name(), null, new byte[] {1});
            AMQP.BasicProperties odd = new AMQP.BasicProperties.Builder()
                    .headers(Map.of("list", List.of(1, "a"), "x-delivery-count", 25, "n", 7, "waybill-sent-at", "soon"))
                    .build();
            channel.basicPublish("", queue.name(), odd, new byte[] {2});
            List<Inbound> received = receive(receiver, 2);
            assertThat(received.get(0).defect()).isNull();
            assertThat(received.get(0).envelope().body()).containsExactly(1);
            assertThat(received.get(1).defect()).contains("soon");
            assertThat(received.get(1).envelope().body()).containsExactly(2);
            assertThat(received.get(1).envelope().headers()).containsOnlyKeys("list", "n");
            assertThat(received.get(1).deliveryCount()).isEqualTo(1);
        }
    }

    @Test
    void aWaitingReceiveEndsWithTheCloseAndWithAMessage() throws Exception {
        TestQueue queue = TestQueue.declared(broker, 5);
        Receiver receiver = queue.receiver(10);
        assertThat(receiver.receive(1, Duration.ZERO)).isEmpty();
        var waiting = java.util.concurrent.CompletableFuture.supplyAsync(() -> {
            try {
                return receiver.receive(1, Duration.ofMinutes(5));
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        receiver.close();
        assertThat(waiting.get(10, java.util.concurrent.TimeUnit.SECONDS)).isEmpty();
        receiver.close();
        assertThat(receiver.receive(1, Duration.ofMinutes(5))).isEmpty();
    }
}
