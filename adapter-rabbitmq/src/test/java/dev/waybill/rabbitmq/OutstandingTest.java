package dev.waybill.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.spi.Envelope;
import dev.waybill.spi.Outbound;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class OutstandingTest {
    private final Outstanding outstanding = new Outstanding();

    @Test
    void numbersAreConsecutiveFromOneAsTheServerCountsThem() {
        assertThat(outstanding.add(Sent.text("a"))).isEqualTo(1);
        assertThat(outstanding.add(Sent.text("b"))).isEqualTo(2);
        assertThat(outstanding.add(Sent.text("c"))).isEqualTo(3);
    }

    @Test
    void aMessageIsTakenOnce() {
        Sent message = Sent.text("a");
        long number = outstanding.add(message);
        assertThat(outstanding.take(number)).isSameAs(message);
        assertThat(outstanding.take(number)).isNull();
        assertThat(outstanding.takeAll()).isEmpty();
    }

    @Test
    void whatIsConfirmedTogetherComesInTheOrderOfSendingWithoutWhatWasTakenBefore() {
        List<Sent> sent = add(5);
        outstanding.take(2);
        assertThat(names(outstanding.takeUpTo(4))).containsExactly("m1", "m3", "m4");
        assertThat(names(outstanding.takeUpTo(4))).isEmpty();
        assertThat(names(outstanding.takeAll())).containsExactly("m5");
        assertThat(sent).hasSize(5);
    }

    @Test
    void aNumberThatWasNeverGivenTakesNothing() {
        add(2);
        assertThat(outstanding.take(0)).isNull();
        assertThat(outstanding.take(3)).isNull();
        assertThat(names(outstanding.takeUpTo(99))).containsExactly("m1", "m2");
    }

    @Test
    void theNumberOfAWithdrawnMessageGoesToTheNext() {
        add(2);
        Sent unwritten = Sent.text("unwritten");
        assertThat(outstanding.withdraw(outstanding.add(unwritten))).isSameAs(unwritten);
        Sent next = Sent.text("next");
        assertThat(outstanding.add(next)).isEqualTo(3);
        assertThat(outstanding.take(3)).isSameAs(next);
    }

    @Test
    void theNumberOfAWithdrawnMessageGoesToTheNextAlsoWhenAllBeforeAreConfirmed() {
        add(2);
        long number = outstanding.add(Sent.text("unwritten"));
        outstanding.takeUpTo(2);
        outstanding.withdraw(number);
        Sent next = Sent.text("next");
        assertThat(outstanding.add(next)).isEqualTo(number);
        assertThat(outstanding.take(number)).isSameAs(next);
    }

    @Test
    void aReturnTakesTheMessageWithTheSameContentAndNotOneWithTheSameId() {
        Sent stored = message("same-id", "one");
        Sent unroutable = message("same-id", "two");
        outstanding.add(stored);
        outstanding.add(unroutable);
        assertThat(outstanding.takeReturned(message("same-id", "two").envelope, false))
                .isSameAs(unroutable);
        assertThat(outstanding.takeReturned(message("same-id", "two").envelope, false))
                .isNull();
        assertThat(outstanding.take(1)).isSameAs(stored);
    }

    @Test
    void whateverIsTakenInWhateverOrderTheRestIsThereInOrder() {
        Random random = new Random(7);
        TreeMap<Long, Outbound> expected = new TreeMap<>();
        for (int step = 0; step < 200_000; step++) {
            int choice = random.nextInt(100);
            if (choice < (step % 20_000 < 12_000 ? 70 : 30)) {
                Sent message = Sent.text("m" + step);
                expected.put(outstanding.add(message), message);
            } else if (choice < 95 && !expected.isEmpty()) {
                long number = expected.firstKey() + random.nextInt(expected.size());
                assertThat(outstanding.take(number)).isSameAs(expected.remove(number));
            } else if (!expected.isEmpty()) {
                long number = expected.firstKey() + random.nextInt(20);
                Map<Long, Outbound> confirmed = expected.headMap(number, true);
                assertThat(outstanding.takeUpTo(number)).isEqualTo(List.copyOf(confirmed.values()));
                confirmed.clear();
            }
        }
        assertThat(outstanding.takeAll()).isEqualTo(List.copyOf(expected.values()));
    }

    private List<Sent> add(int count) {
        List<Sent> sent = new ArrayList<>();
        for (int i = 1; i <= count; i++) {
            sent.add(Sent.text("m" + i));
            outstanding.add(sent.get(i - 1));
        }
        return sent;
    }

    private static Sent message(String id, String body) {
        return new Sent(new Envelope(id, null, null, 1, Map.of(), body.getBytes()));
    }

    private static List<String> names(List<Outbound> messages) {
        return messages.stream().map(message -> message.envelope().id()).toList();
    }
}
