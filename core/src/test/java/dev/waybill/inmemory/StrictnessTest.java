package dev.waybill.inmemory;

import static dev.waybill.inmemory.Fixture.receiveOne;
import static dev.waybill.inmemory.Fixture.settle;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.waybill.TopologyMode;
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
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class StrictnessTest {
    private final Fixture fixture = new Fixture();
    private final Receiver receiver = fixture.receiver();

    @Test
    void settlingTwiceIsAViolation() {
        fixture.send("a");
        Inbound inbound = receiveOne(receiver);
        settle(receiver, inbound, Disposition.ACCEPT);
        assertViolation(() -> settle(receiver, inbound, Disposition.ACCEPT), "settled twice");
    }

    @Test
    void settlingTwiceInOneBatchIsAViolation() {
        fixture.send("a");
        Inbound inbound = receiveOne(receiver);
        List<Held> twice = List.of(new Taken(inbound, Disposition.ACCEPT), new Taken(inbound, Disposition.RETRY));
        assertViolation(() -> receiver.settle(twice), "settled twice");
    }

    @Test
    void settlingWhatIsLostTwiceIsAViolation() {
        fixture.send("a");
        Inbound inbound = receiveOne(receiver);
        fixture.time.advance(Duration.ofSeconds(30));
        settle(receiver, inbound, Disposition.RETRY);
        assertViolation(() -> settle(receiver, inbound, Disposition.RETRY), "settled twice");
    }

    @Test
    void settlingAtAnotherReceiverIsAViolation() {
        fixture.send("a");
        Inbound inbound = receiveOne(receiver);
        assertViolation(() -> settle(fixture.receiver(), inbound, Disposition.ACCEPT), "was not received by");
    }

    @Test
    void tooManyMessagesInOneCallIsAViolation() {
        int most = fixture.broker.limits().maxSendBatch();
        List<Sent> tooMany =
                IntStream.rangeClosed(0, most).mapToObj(i -> new Sent("m" + i)).toList();
        assertViolation(() -> fixture.sender.send(tooMany), "takes 1 to " + most);
        assertThat(fixture.inspection.depth("orders")).isZero();
    }

    @Test
    void receivingNothingIsAViolation() {
        assertViolation(() -> receiver.receive(0, Duration.ZERO), "was asked for 0");
        assertViolation(() -> receiver.prefetch(0), "prefetch of 0");
        assertViolation(() -> fixture.receiver(Fixture.MAIN, 0), "prefetch is 0");
    }

    @Test
    @Timeout(20)
    void receivingOnTwoThreadsIsAViolation() {
        Thread waiting = new Thread(() -> {
            try {
                receiver.receive(1, Duration.ofMinutes(5));
            } catch (InterruptedException interrupted) {
                throw new AssertionError(interrupted);
            }
        });
        waiting.start();
        await().pollInterval(Duration.ofMillis(1)).until(() -> waiting.getState() == Thread.State.TIMED_WAITING);
        assertViolation(() -> receiver.receive(1, Duration.ZERO), "two threads");
        receiver.close();
    }

    @Test
    @Timeout(20)
    void sendingOnTwoThreadsIsAViolation() {
        CompletableFuture<Void> reporting = new CompletableFuture<>();
        CompletableFuture<Void> goOn = new CompletableFuture<>();
        Sent slow = new Sent("a");
        slow.report.thenRun(() -> {
            reporting.complete(null);
            goOn.join();
        });
        CompletableFuture<Void> first = CompletableFuture.runAsync(() -> fixture.sender.send(List.of(slow)));
        reporting.join();
        assertViolation(() -> fixture.sender.send(List.of(new Sent("b"))), "two threads");
        goOn.complete(null);
        first.join();
    }

    @Test
    void reportMaySendOn() {
        Sent first = new Sent("a");
        Sent second = new Sent("b");
        first.report.thenRun(() -> fixture.sender.send(List.of(second)));
        fixture.sender.send(List.of(first));
        assertThat(second.report).isCompletedWithValue("stored");
        assertThat(fixture.inspection.violations()).isEmpty();
    }

    @Test
    void messageOverTheLimitIsTooLargeAndTheOthersOfItsBatchAreStored() {
        int limit = (int) fixture.broker.limits().maxMessageBytes();
        Sent fits = ofSize(limit);
        Sent tooLarge = ofSize(limit + 1);
        Sent small = new Sent("c");
        fixture.sender.send(List.of(fits, tooLarge, small));
        assertThat(fits.report).isCompletedWithValue("stored");
        assertThat(tooLarge.report).isCompletedWithValue("TOO_LARGE, not stored");
        assertThat(small.report).isCompletedWithValue("stored");
        assertThat(fixture.inspection.depth("orders")).isEqualTo(2);
    }

    @Test
    void sizeCountsHeaders() {
        String half = "x".repeat((int) fixture.broker.limits().maxMessageBytes() / 2);
        Sent sent = new Sent(new Envelope("a", null, null, 0, Map.of("a", half, "b", half), new byte[0]));
        fixture.sender.send(List.of(sent));
        assertThat(sent.report).isCompletedWithValue("TOO_LARGE, not stored");
    }

    @Test
    void useAfterCloseIsAViolation() {
        receiver.close();
        fixture.sender.close();
        fixture.close();
        assertViolation(() -> fixture.broker.declare(Fixture.QUEUE, TopologyMode.DECLARE), "after it was closed");
        assertViolation(fixture::receiver, "after it was closed");
        assertViolation(fixture::newSender, "after it was closed");
    }

    @Test
    void closedSenderStoresNothing() {
        fixture.sender.close();
        Sent sent = new Sent("a");
        fixture.sender.send(List.of(sent));
        assertThat(sent.report).isCompletedWithValue("CLOSED, not stored");
        assertThat(fixture.sender.usable()).isFalse();
        assertThat(fixture.inspection.depth("orders")).isZero();
    }

    @Test
    void whatIsLeftOpenIsReportedOnClose() {
        fixture.send("a");
        receiveOne(receiver);
        assertThat(fixture.inspection.openReceivers()).isEqualTo(1);
        assertThat(fixture.inspection.openSenders()).isEqualTo(1);
        fixture.close();
        assertThat(fixture.inspection.violations())
                .containsExactly(
                        "sender to orders is still open", "receiver of orders is still open and holds 1 messages");
        assertThat(fixture.inspection.openReceivers()).isZero();
        assertThat(fixture.inspection.openSenders()).isZero();
    }

    @Test
    void orderlyUseLeavesNoViolation() {
        fixture.send("a");
        settle(receiver, receiveOne(receiver), Disposition.ACCEPT);
        receiver.close();
        receiver.close();
        fixture.sender.close();
        fixture.sender.close();
        fixture.close();
        fixture.close();
        assertThat(fixture.inspection.violations()).isEmpty();
    }

    private void assertViolation(ThrowingCallable use, String message) {
        assertThatThrownBy(use)
                .isInstanceOfAny(IllegalStateException.class, IllegalArgumentException.class)
                .hasMessageContaining(message);
        assertThat(fixture.inspection.violations()).last().asString().contains(message);
    }

    private static Sent ofSize(int bytes) {
        Envelope empty = new Envelope("a", null, null, 0, Map.of(), new byte[0]);
        return new Sent(new Envelope("a", null, null, 0, Map.of(), new byte[bytes - (int) empty.size()]));
    }
}
