package dev.waybill.rabbitmq;

import static dev.waybill.rabbitmq.TestQueue.accept;
import static dev.waybill.rabbitmq.TestQueue.receive;
import static dev.waybill.rabbitmq.TestQueue.receiveOne;
import static dev.waybill.rabbitmq.TestQueue.settle;
import static dev.waybill.rabbitmq.TestQueue.whatComesWithin;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.waybill.RetryPolicy;
import dev.waybill.TopologyException;
import dev.waybill.TopologyException.Difference;
import dev.waybill.TopologyMode;
import dev.waybill.spi.Broker;
import dev.waybill.spi.Held.Disposition;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.Receiver;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Retries that the server itself makes wait, and when it does not. */
class NativeRetryIT {
    private static final RetryPolicy LINEAR = RetryPolicy.linear(Duration.ofMillis(300), Duration.ofMillis(700));
    private static final RetryPolicy FIXED = RetryPolicy.fixed(Duration.ofMillis(400));
    private static final long SLACK_MILLIS = 1000;

    @RegisterExtension
    static final SharedServer NEWER = new SharedServer("4.3");

    @RegisterExtension
    static final SharedServer OLDER = new SharedServer("4.0");

    private static Broker newer() {
        return open(NEWER);
    }

    private static Broker open(SharedServer server) {
        return new RabbitMqBrokerProvider().open(new TestContext(server.get().uri()));
    }

    static List<RetryPolicy> fitting() {
        return List.of(LINEAR, FIXED);
    }

    @ParameterizedTest
    @MethodSource("fitting")
    void aRetriedMessageComesAgainAfterWhatThePolicySaysUntilTheServersLimit(RetryPolicy policy) {
        try (Broker broker = newer()) {
            TestQueue queue = TestQueue.declared(broker, 4, policy);
            queue.send(0, 1);
            try (Receiver receiver = queue.receiver(10);
                    Receiver dead = queue.deadLetterReceiver()) {
                Inbound received = receiveOne(receiver);
                for (int delivery = 1; delivery < 4; delivery++) {
                    assertThat(received.deliveryCount()).isEqualTo(delivery);
                    long delay = policy.plainDelay(delivery).toMillis();
                    assertThat(receiver.canDelay(received, delay)).isTrue();
                    assertThat(receiver.canDelay(received, delay + 1)).isFalse();
                    assertThat(receiver.canDelay(received, delay - 1)).isFalse();
                    long start = System.nanoTime();
                    settle(receiver, received, Disposition.RETRY);
                    received = receiveOne(receiver);
                    assertThat(millisSince(start)).isBetween(delay, delay + SLACK_MILLIS);
                    assertThat(received.redelivered()).isTrue();
                }
                settle(receiver, received, Disposition.RETRY);
                assertThat(receiveOne(dead).envelope().id()).isEqualTo("m0");
                assertThat(whatComesWithin(receiver, Duration.ofSeconds(1))).isEmpty();
            }
        }
    }

    private static long millisSince(long nanos) {
        return (System.nanoTime() - nanos) / 1_000_000;
    }

    @Test
    void aMessageThatWaitsHoldsUpNoOther() {
        try (Broker broker = newer()) {
            TestQueue queue = TestQueue.declared(broker, 5, RetryPolicy.fixed(Duration.ofSeconds(20)));
            queue.send(0, 100);
            try (Receiver receiver = queue.receiver(10)) {
                for (int i = 0; i < 10; i++) {
                    settle(receiver, receiveOne(receiver), Disposition.RETRY);
                }
                List<Inbound> others = receive(receiver, 10);
                assertThat(Contract.ids(others)).containsExactlyElementsOf(Contract.names(10, 20));
                for (int i = 20; i < 100; i += 10) {
                    accept(receiver, others);
                    others = receive(receiver, 10);
                }
                assertThat(Contract.ids(others)).containsExactlyElementsOf(Contract.names(90, 100));
            }
        }
    }

    @Test
    void aReleasedMessageComesAtOnceAndItsNextWaitIsThatOfItsCount() {
        try (Broker broker = newer()) {
            RetryPolicy policy = RetryPolicy.linear(Duration.ofMillis(2500), Duration.ofSeconds(10));
            TestQueue queue = TestQueue.declared(broker, 5, policy);
            queue.send(0, 1);
            try (Receiver receiver = queue.receiver(10)) {
                for (int i = 0; i < 5; i++) {
                    long start = System.nanoTime();
                    settle(receiver, receiveOne(receiver), Disposition.RELEASE);
                    Inbound again = receiveOne(receiver);
                    assertThat(millisSince(start)).isLessThan(2000);
                    assertThat(again.deliveryCount()).isEqualTo(1);
                    settle(receiver, again, Disposition.RELEASE);
                }
                Inbound again = receiveOne(receiver);
                assertThat(receiver.canDelay(again, 2500)).isTrue();
                long start = System.nanoTime();
                settle(receiver, again, Disposition.RETRY);
                receiveOne(receiver);
                assertThat(millisSince(start)).isBetween(2500L, 2500 + SLACK_MILLIS);
            }
        }
    }

    @Test
    void whatAReceiverHadFetchedComesAtOnceWhenItEndsAndWhatItHeldAfterAWait() {
        try (Broker broker = newer()) {
            TestQueue queue = TestQueue.declared(broker, 5, RetryPolicy.fixed(Duration.ofSeconds(3)));
            queue.send(0, 20);
            Receiver receiver = queue.receiver(20);
            List<Inbound> held = receive(receiver, 5);
            long start = System.nanoTime();
            receiver.close();
            try (Receiver next = queue.receiver(20)) {
                assertThat(Contract.ids(receive(next, 15))).containsExactlyInAnyOrderElementsOf(Contract.names(5, 20));
                assertThat(millisSince(start)).isLessThan(2500);
                List<Inbound> later = receive(next, 5);
                assertThat(millisSince(start)).isGreaterThan(2900);
                assertThat(Contract.ids(later)).containsExactlyInAnyOrderElementsOf(Contract.ids(held));
                assertThat(later).allMatch(message -> message.redelivered() && message.deliveryCount() == 2);
            }
        }
    }

    static List<RetryPolicy> others() {
        return List.of(
                RetryPolicy.DEFAULT,
                RetryPolicy.immediate(),
                RetryPolicy.exponential(Duration.ofMillis(300), Duration.ofMillis(700)),
                LINEAR.jitter(0.1),
                RetryPolicy.fixed(NativeRetry.LONGEST.plusMillis(1)));
    }

    @ParameterizedTest
    @MethodSource("others")
    void anyOtherPolicyIsLeftToCoreAndARetryComesAtOnce(RetryPolicy policy) {
        try (Broker broker = newer()) {
            assertNotNative(TestQueue.declared(broker, 5, policy), policy);
        }
    }

    @ParameterizedTest
    @MethodSource("fitting")
    void before43AnyPolicyIsLeftToCoreAndARetryComesAtOnce(RetryPolicy policy) {
        try (Broker broker = open(OLDER)) {
            assertNotNative(TestQueue.declared(broker, 5, policy), policy);
        }
    }

    private static void assertNotNative(TestQueue queue, RetryPolicy policy) {
        queue.send(0, 1);
        try (Receiver receiver = queue.receiver(10)) {
            Inbound received = receiveOne(receiver);
            long delay = policy.plainDelay(1).toMillis();
            assertThat(receiver.canDelay(received, delay)).isEqualTo(delay == 0);
            long start = System.nanoTime();
            settle(receiver, received, Disposition.RETRY);
            assertThat(receiveOne(receiver).deliveryCount()).isEqualTo(2);
            assertThat(millisSince(start)).isLessThan(250);
        }
    }

    @Test
    void aQueueThatWasNotLookedAtIsNotReliedOn() {
        try (Broker declares = newer();
                Broker broker = newer()) {
            TestQueue queue = TestQueue.declared(declares, 5, FIXED);
            TestQueue unseen = queue.with(broker, FIXED);
            unseen.send(0, 1);
            try (Receiver receiver = unseen.receiver(10)) {
                assertThat(receiver.canDelay(receiveOne(receiver), 400)).isFalse();
            }
            broker.declare(unseen.definition, TopologyMode.VERIFY);
            try (Receiver receiver = unseen.receiver(10)) {
                Inbound received = receiveOne(receiver);
                assertThat(received.deliveryCount()).isEqualTo(2);
                assertThat(receiver.canDelay(received, 400)).isTrue();
            }
        }
    }

    @Test
    void aQueueWithAnotherRetryPolicyIsReported() {
        try (Broker broker = newer()) {
            TestQueue queue = TestQueue.declared(broker, 5, FIXED);
            assertThat(differences(queue.with(broker, LINEAR)))
                    .containsExactlyInAnyOrder(
                            "x-delayed-retry-min is declared as 300 but is 400",
                            "x-delayed-retry-max is declared as 700 but is 400");
            assertThat(differences(queue.with(broker, RetryPolicy.DEFAULT)))
                    .containsExactlyInAnyOrder(
                            "x-delayed-retry-type is declared as none but is failed",
                            "x-delayed-retry-min is declared as none but is 400",
                            "x-delayed-retry-max is declared as none but is 400");
        }
    }

    private static List<String> differences(TestQueue queue) {
        return catchThrowableOfType(
                        TopologyException.class, () -> queue.broker.declare(queue.definition, TopologyMode.VERIFY))
                .differences()
                .stream()
                .map(Difference::toString)
                .toList();
    }
}
