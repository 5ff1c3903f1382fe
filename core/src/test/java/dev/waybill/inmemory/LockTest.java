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
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LockTest {
    private final Fixture fixture = new Fixture();
    private final Receiver one = fixture.receiver();
    private final Receiver other = fixture.receiver();

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void lockLastsAsDeclared() {
        fixture.send("a");
        Inbound inbound = receiveOne(one);
        assertThat(inbound.lockedUntilNanos() - fixture.time.nanos())
                .isEqualTo(Duration.ofSeconds(30).toNanos());
        fixture.time.advance(Duration.ofSeconds(30).minusNanos(1));
        assertThat(receive(other, 1)).isEmpty();
        fixture.time.advance(Duration.ofNanos(1));
        assertThat(receiveOne(other).deliveryCount()).isEqualTo(2);
    }

    @Test
    void settlementAfterTheLockEndedIsLostEvenIfNobodyTookTheMessage() {
        fixture.send("a");
        Inbound inbound = receiveOne(one);
        fixture.time.advance(Duration.ofSeconds(30));
        assertThat(settle(one, inbound, Disposition.ACCEPT).reports).containsExactly("lost");
        assertThat(inbound.lost()).isTrue();
        assertThat(fixture.inspection.depth("orders")).isEqualTo(1);
    }

    @Test
    void extendedLockLastsFromTheExtension() {
        fixture.send("a", "b");
        List<Inbound> held = receive(one, 2);
        fixture.time.advance(Duration.ofSeconds(20));
        Taken taken = new Taken(held.get(0), Disposition.ACCEPT);
        one.extend(List.<Held>of(taken));
        assertThat(taken.reports).containsExactly("extended");
        assertThat(held.get(0).lockedUntilNanos() - fixture.time.nanos())
                .isEqualTo(Duration.ofSeconds(30).toNanos());

        fixture.time.advance(Duration.ofSeconds(29));
        assertThat(ids(receive(other, 10))).containsExactly("b");
        fixture.time.advance(Duration.ofSeconds(1));
        assertThat(ids(receive(other, 10))).containsExactly("a");
    }

    @Test
    void extensionAfterTheLockEndedIsLost() {
        fixture.send("a");
        Taken taken = new Taken(receiveOne(one), Disposition.ACCEPT);
        fixture.time.advance(Duration.ofSeconds(31));
        one.extend(List.<Held>of(taken));
        assertThat(taken.reports).containsExactly("lost");
    }

    @Test
    void messageWhoseLockEndsAfterItsLastDeliveryIsDead() {
        fixture.send("a");
        for (int i = 0; i < 3; i++) {
            receiveOne(one);
            fixture.time.advance(Duration.ofSeconds(30));
        }
        assertThat(receive(one, 1)).isEmpty();
        assertThat(fixture.inspection.deadLetters("orders")).isEqualTo(1);
    }

    @Test
    void lostMessageMakesRoomInThePrefetch() {
        fixture.send("a", "b");
        Receiver small = fixture.receiver(Fixture.MAIN, 1);
        receiveOne(small);
        fixture.time.advance(Duration.ofSeconds(30));
        assertThat(ids(receive(small, 10))).containsExactly("a");
    }

    @Test
    void locksEndInWhateverOrderTheOthersWereSettled() {
        String[] all = {"a", "b", "c", "d"};
        for (int kept = 0; kept < all.length; kept++) {
            for (int step = 1; step < all.length; step += 2) {
                fixture.send(all);
                List<Inbound> held = receive(one, 4);
                for (int i = 1; i < all.length; i++) {
                    settle(one, held.get((kept + i * step) % all.length), Disposition.ACCEPT);
                }
                assertThat(fixture.inspection.held("orders")).isEqualTo(1);
                fixture.time.advance(Duration.ofSeconds(30));
                List<Inbound> back = receive(one, 10);
                assertThat(ids(back)).containsExactly(all[kept]);
                settle(one, back.get(0), Disposition.ACCEPT);
            }
        }
    }

    @Test
    void oldReceiptDoesNotSettleTheNextDelivery() {
        fixture.send("a");
        Inbound old = receiveOne(one);
        fixture.time.advance(Duration.ofSeconds(30));
        Inbound current = receiveOne(one);
        assertThat(settle(one, old, Disposition.ACCEPT).reports).containsExactly("lost");
        assertThat(current.lost()).isFalse();
        assertThat(settle(one, current, Disposition.ACCEPT).reports).containsExactly("settled");
        assertThat(fixture.inspection.held("orders")).isZero();
    }
}
