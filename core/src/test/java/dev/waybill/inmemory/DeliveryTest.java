package dev.waybill.inmemory;

import static dev.waybill.inmemory.Fixture.ids;
import static dev.waybill.inmemory.Fixture.receive;
import static dev.waybill.inmemory.Fixture.receiveOne;
import static dev.waybill.inmemory.Fixture.settle;
import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.spi.Held;
import dev.waybill.spi.Held.Disposition;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.Receiver;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DeliveryTest {
    private final Fixture fixture = new Fixture();
    private final Receiver receiver = fixture.receiver();

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void messagesComeInOrderAndUnchanged() {
        Sent sent = new Sent("a", "key");
        fixture.sender.send(List.of(sent));
        fixture.send("b", "c");

        List<Inbound> received = receive(receiver, 10);

        assertThat(ids(received)).containsExactly("a", "b", "c");
        Inbound first = received.get(0);
        assertThat(first.envelope()).isSameAs(sent.envelope());
        assertThat(first.deliveryCount()).isEqualTo(1);
        assertThat(first.redelivered()).isFalse();
        assertThat(first.lost()).isFalse();
    }

    @Test
    void acceptedMessageIsDeleted() {
        fixture.send("a");
        Taken taken = settle(receiver, receiveOne(receiver), Disposition.ACCEPT);
        assertThat(taken.reports).containsExactly("settled");
        assertThat(fixture.inspection.depth("orders")).isZero();
        assertThat(fixture.inspection.held("orders")).isZero();
    }

    @Test
    void retriedMessageComesBackFirstAndIsCounted() {
        fixture.send("a", "b");
        settle(receiver, receiveOne(receiver), Disposition.RETRY);
        Inbound again = receiveOne(receiver);
        assertThat(again.envelope().id()).isEqualTo("a");
        assertThat(again.deliveryCount()).isEqualTo(2);
        assertThat(again.redelivered()).isTrue();
    }

    @Test
    void releasedMessageComesBackFirstAndIsNotCounted() {
        fixture.send("a", "b");
        for (int i = 0; i < 10; i++) {
            settle(receiver, receiveOne(receiver), Disposition.RELEASE);
        }
        Inbound again = receiveOne(receiver);
        assertThat(again.envelope().id()).isEqualTo("a");
        assertThat(again.deliveryCount()).isEqualTo(1);
        assertThat(again.redelivered()).isTrue();
    }

    @Test
    void messagesThatComeBackKeepTheirOrder() {
        fixture.send("a", "b", "c", "d");
        List<Inbound> held = receive(receiver, 3);
        receiver.settle(List.<Held>of(
                new Taken(held.get(1), Disposition.RETRY),
                new Taken(held.get(2), Disposition.RELEASE),
                new Taken(held.get(0), Disposition.RETRY)));
        assertThat(ids(receive(receiver, 10))).containsExactly("a", "b", "c", "d");
    }

    @Test
    void messageRetriedAfterItsLastDeliveryIsDead() {
        fixture.send("a");
        for (int delivery = 1; delivery <= 3; delivery++) {
            Inbound inbound = receiveOne(receiver);
            assertThat(inbound.deliveryCount()).isEqualTo(delivery);
            assertThat(fixture.inspection.deadLetters("orders")).isZero();
            settle(receiver, inbound, Disposition.RETRY);
        }
        assertThat(receive(receiver, 1)).isEmpty();
        Inbound dead = receiveOne(fixture.receiver(Fixture.DEAD, 1));
        assertThat(dead.envelope().id()).isEqualTo("a");
        assertThat(dead.deliveryCount()).isEqualTo(1);
    }

    @Test
    void messageOfReceiversThatDieIsDeadAfterItsLastDelivery() {
        fixture.send("a");
        for (int delivery = 1; delivery <= 3; delivery++) {
            Receiver dying = fixture.receiver();
            assertThat(receiveOne(dying).deliveryCount()).isEqualTo(delivery);
            dying.close();
        }
        assertThat(fixture.inspection.depth("orders")).isZero();
        assertThat(fixture.inspection.deadLetters("orders")).isEqualTo(1);
    }

    @Test
    void deadLettersAreDeliveredWithoutLimit() {
        fixture.send("a");
        for (int i = 0; i < 3; i++) {
            settle(receiver, receiveOne(receiver), Disposition.RETRY);
        }
        Receiver dead = fixture.receiver(Fixture.DEAD, 1);
        for (int delivery = 1; delivery <= 20; delivery++) {
            Inbound inbound = receiveOne(dead);
            assertThat(inbound.deliveryCount()).isEqualTo(delivery);
            settle(dead, inbound, Disposition.RETRY);
        }
        assertThat(fixture.inspection.deadLetters("orders")).isEqualTo(1);
    }

    @Test
    void closedReceiverGivesBackWhatItHeldAndCannotSettleIt() {
        fixture.send("a", "b", "c");
        Receiver closing = fixture.receiver();
        List<Inbound> held = receive(closing, 2);
        settle(closing, held.get(0), Disposition.ACCEPT);
        closing.close();

        assertThat(held.get(0).lost()).isFalse();
        assertThat(held.get(1).lost()).isTrue();
        assertThat(settle(closing, held.get(1), Disposition.ACCEPT).reports).containsExactly("lost");
        List<Inbound> again = receive(receiver, 10);
        assertThat(ids(again)).containsExactly("b", "c");
        assertThat(again.get(0).deliveryCount()).isEqualTo(2);
        assertThat(receive(closing, 1)).isEmpty();
    }

    @Test
    void receiverHoldsNoMoreThanItsPrefetch() {
        fixture.send("a", "b", "c", "d");
        Receiver small = fixture.receiver(Fixture.MAIN, 2);
        List<Inbound> held = receive(small, 10);
        assertThat(ids(held)).containsExactly("a", "b");
        assertThat(receive(small, 10)).isEmpty();

        settle(small, held.get(0), Disposition.ACCEPT);
        assertThat(ids(receive(small, 10))).containsExactly("c");
        small.prefetch(3);
        assertThat(ids(receive(small, 10))).containsExactly("d");
    }

    @Test
    void smallerPrefetchTakesEffectAsMessagesAreSettled() {
        fixture.send("a", "b", "c", "d");
        Receiver shrinking = fixture.receiver(Fixture.MAIN, 3);
        List<Inbound> held = receive(shrinking, 3);
        shrinking.prefetch(1);
        settle(shrinking, held.get(0), Disposition.ACCEPT);
        settle(shrinking, held.get(1), Disposition.ACCEPT);
        assertThat(receive(shrinking, 1)).isEmpty();
        settle(shrinking, held.get(2), Disposition.ACCEPT);
        assertThat(ids(receive(shrinking, 1))).containsExactly("d");
    }

    @Test
    void pausedReceiverGetsNothingAndKeepsWhatItHolds() {
        fixture.send("a", "b");
        Inbound held = receiveOne(receiver);
        receiver.pause();
        assertThat(receive(receiver, 1)).isEmpty();
        assertThat(settle(receiver, held, Disposition.ACCEPT).reports).containsExactly("settled");
        receiver.resume();
        assertThat(ids(receive(receiver, 1))).containsExactly("b");
    }
}
