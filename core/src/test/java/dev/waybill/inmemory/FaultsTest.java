package dev.waybill.inmemory;

import static dev.waybill.inmemory.Fixture.ids;
import static dev.waybill.inmemory.Fixture.receive;
import static dev.waybill.inmemory.Fixture.receiveOne;
import static dev.waybill.inmemory.Fixture.settle;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.waybill.Health;
import dev.waybill.SendException;
import dev.waybill.TopologyMode;
import dev.waybill.spi.Broker;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.Held;
import dev.waybill.spi.Held.Disposition;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.Receiver;
import dev.waybill.spi.ReceiverOptions;
import java.time.Duration;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FaultsTest {
    private final Fixture fixture = new Fixture();
    private final InMemoryInspection inspection = fixture.inspection;
    private final Receiver receiver = fixture.receiver();

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void disconnectedReceiverLosesWhatItHeld() {
        fixture.send("a");
        Inbound held = receiveOne(receiver);
        inspection.disconnect();

        assertThat(held.lost()).isTrue();
        assertThat(settle(receiver, held, Disposition.ACCEPT).reports).containsExactly("lost");
        assertUnavailable(() -> receive(receiver, 1));
        assertThat(receiveOne(fixture.receiver()).deliveryCount()).isEqualTo(2);
    }

    @Test
    void disconnectedSenderStoresNothingMore() {
        inspection.disconnect();
        assertThat(fixture.sender.usable()).isFalse();
        Sent sent = new Sent("a");
        fixture.sender.send(List.of(sent));
        assertThat(sent.report).isCompletedWithValue("CONNECTION_LOST, not stored");
        assertThat(inspection.depth("orders")).isZero();
        assertThat(fixture.newSender().usable()).isTrue();
    }

    @Test
    void storedButUnconfirmedMessageFailsAsMaybeStored() {
        inspection.holdConfirmations();
        Sent sent = new Sent("a");
        fixture.sender.send(List.of(sent));
        assertThat(sent.report).isNotDone();
        assertThat(inspection.depth("orders")).isEqualTo(1);
        inspection.disconnect();
        assertThat(sent.report).isCompletedWithValue("CONNECTION_LOST, maybe stored");
        inspection.releaseConfirmations();
        assertThat(inspection.depth("orders")).isEqualTo(1);
    }

    @Test
    void heldConfirmationsComeWhenTheyAreReleased() {
        inspection.holdConfirmations();
        Sent sent = new Sent("a");
        fixture.sender.send(List.of(sent));
        inspection.releaseConfirmations();
        assertThat(sent.report).isCompletedWithValue("stored");
        fixture.send("b");
        assertThat(ids(receive(receiver, 10))).containsExactly("a", "b");
    }

    @Test
    void blockedBrokerStoresNothingUntilItIsUnblocked() {
        inspection.block("memory");
        Sent sent = new Sent("a");
        fixture.sender.send(List.of(sent));
        assertThat(sent.report).isNotDone();
        assertThat(inspection.depth("orders")).isZero();
        assertThat(fixture.broker.health())
                .extracting(Health.Component::status)
                .containsExactly(Health.Status.DEGRADED);

        inspection.unblock();
        assertThat(sent.report).isCompletedWithValue("stored");
        assertThat(inspection.depth("orders")).isEqualTo(1);
        assertThat(fixture.flow).containsExactly("blocked: memory", "unblocked");
        assertThat(fixture.broker.health()).extracting(Health.Component::status).containsExactly(Health.Status.UP);
    }

    @Test
    void senderOpenedWhileBlockedIsTold() {
        inspection.block("disk");
        fixture.flow.clear();
        fixture.newSender();
        assertThat(fixture.flow).containsExactly("blocked: disk");
    }

    @Test
    void closedSenderFailsWhatTheBlockedBrokerDidNotTake() {
        inspection.block("memory");
        Sent sent = new Sent("a");
        fixture.sender.send(List.of(sent));
        fixture.sender.close();
        assertThat(sent.report).isCompletedWithValue("CLOSED, maybe stored");
        inspection.unblock();
        assertThat(inspection.depth("orders")).isZero();
    }

    @Test
    void nothingCanBeOpenedWhileItIsDown() {
        inspection.goDown();
        assertUnavailable(() -> fixture.broker.declare(Fixture.QUEUE, TopologyMode.DECLARE));
        assertUnavailable(fixture::newSender);
        assertUnavailable(fixture::receiver);
        assertUnavailable(() -> receive(receiver, 1));
        assertThat(fixture.broker.health()).extracting(Health.Component::status).containsExactly(Health.Status.DOWN);
        inspection.comeBack();
        assertThat(receive(fixture.receiver(), 1)).isEmpty();
    }

    @Test
    void failuresConcernOneOfThoseWhoShareABroker() {
        try (Fixture one = new Fixture("in-memory:faults");
                Broker other = Fixture.open("in-memory:faults", one.time)) {
            Receiver healthy = other.receiver(Fixture.MAIN, new ReceiverOptions(1));
            one.send("a");
            receiveOne(one.receiver());
            one.inspection.goDown();
            assertThat(receiveOne(healthy).deliveryCount()).isEqualTo(2);
            healthy.close();
        }
    }

    @Test
    void refusedSendsAreReportedAndTheOthersStored() {
        inspection.refuseSends(2, SendException.Reason.REJECTED);
        List<Sent> batch = List.of(new Sent("a"), new Sent("b"), new Sent("c"));
        fixture.sender.send(batch);
        assertThat(batch)
                .extracting(sent -> sent.report.join())
                .containsExactly("REJECTED, not stored", "REJECTED, not stored", "stored");
        assertThat(ids(receive(receiver, 10))).containsExactly("c");
    }

    @Test
    void refusalsLastOverSeveralCalls() {
        inspection.refuseSends(2, SendException.Reason.REJECTED);
        for (String outcome : List.of("REJECTED, not stored", "REJECTED, not stored", "stored")) {
            Sent sent = new Sent("a");
            fixture.sender.send(List.of(sent));
            assertThat(sent.report).isCompletedWithValue(outcome);
        }
    }

    @Test
    void refusedSettlementCanBeTriedAgain() {
        fixture.send("a");
        Inbound held = receiveOne(receiver);
        inspection.refuseSettlements(1);
        assertThat(settle(receiver, held, Disposition.ACCEPT).reports).containsExactly("failed UNAVAILABLE");
        assertThat(held.lost()).isFalse();
        assertThat(inspection.held("orders")).isEqualTo(1);
        assertThat(settle(receiver, held, Disposition.ACCEPT).reports).containsExactly("settled");
    }

    @Test
    void refusedExtensionLeavesTheLockAsItWas() {
        fixture.send("a");
        Inbound held = receiveOne(receiver);
        long until = held.lockedUntilNanos();
        inspection.refuseSettlements(1);
        fixture.time.advance(Duration.ofSeconds(1));
        Taken taken = new Taken(held, Disposition.ACCEPT);
        receiver.extend(List.<Held>of(taken));
        assertThat(taken.reports).containsExactly("failed UNAVAILABLE");
        assertThat(held.lockedUntilNanos()).isEqualTo(until);
    }

    private static void assertUnavailable(ThrowingCallable call) {
        assertThatThrownBy(call)
                .asInstanceOf(type(BrokerException.class))
                .extracting(BrokerException::kind)
                .isEqualTo(BrokerException.Kind.UNAVAILABLE);
    }
}
