package dev.waybill.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.waybill.convoy.ConvoyStatus;
import dev.waybill.convoy.ConvoyStore;
import dev.waybill.convoy.ConvoyStore.Change;
import dev.waybill.convoy.ConvoyStore.Transaction;
import dev.waybill.convoy.HistoryEntry;
import dev.waybill.convoy.Outgoing;
import dev.waybill.convoy.StoredConvoy;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What stores do with what is to be sent. */
abstract class ConvoyOutboxContract extends StateMachineRecoveryContract {
    static final long NEVER = Long.MAX_VALUE / 2;

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static StoredConvoy convoy(String key, long version, long dueAt) {
        return new StoredConvoy(
                MACHINE,
                key,
                "PLACED",
                ConvoyStatus.RUNNING,
                version,
                3,
                bytes("data " + version),
                17,
                18,
                dueAt,
                false,
                0,
                0,
                0,
                null,
                null);
    }

    static Change change(String key, long version, String messageId, Outgoing... send) {
        StoredConvoy after = convoy(key, version, NEVER);
        HistoryEntry entry = new HistoryEntry(version, 100 + version, messageId, "Paid", "NEW", "PLACED");
        return new Change(convoy(key, version - 1, NEVER), after, List.of(entry), List.of(), List.of(), List.of(send));
    }

    final void save(Change... changes) {
        try (Transaction transaction = store.begin()) {
            for (Change change : changes) {
                transaction.load(MACHINE, change.after().key(), "");
                transaction.save(change);
            }
            transaction.commit();
        }
    }

    static Outgoing outgoing(String key, String body) {
        return new Outgoing(0, key, "mails", Map.of("id", "id of " + body, "h.x", "a=b & c"), bytes(body), 0);
    }

    @Test
    void whatIsToBeSentComesInOrderUntilItIsSent() {
        save(change("a", 1, "m1", outgoing("a", "a1"), outgoing("a", "a2")));
        save(change("b", 1, "m1", outgoing("b", "b1")));
        save(change("a", 2, "m2", outgoing("a", "a3")));
        try (Transaction transaction = store.begin()) {
            List<Outgoing> messages = transaction.outgoing(MACHINE, 100);
            assertThat(bodies(messages)).containsExactly("a1", "a2", "b1", "a3");
            assertThat(messages.get(0).message()).isEqualTo(outgoing("a", "a1").message());
            assertThat(messages.get(0).queue()).isEqualTo("mails");
            assertThat(messages.get(0).key()).isEqualTo("a");
            transaction.sent(List.of(messages.get(0), messages.get(2)));
            transaction.commit();
        }
        assertThat(outgoing()).containsExactly("a2", "a3");
        assertThat(store.show(MACHINE, "a").orElseThrow().outgoing()).isEqualTo(2);
    }

    @Test
    void itIsKnownForHowLongWhatIsToBeSentHasBeenStored() {
        long before = System.nanoTime();
        save(change("a", 1, "m1", outgoing("a", "a1")));
        save(change("b", 1, "m1", outgoing("b", "b1")));
        await().until(() -> storedFor().stream().allMatch(millis -> millis > 50));
        assertThat(storedFor())
                .allSatisfy(millis -> assertThat(millis)
                        // By another clock than this.
                        .isLessThan(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - before) + 1000));
    }

    private List<Long> storedFor() {
        try (Transaction transaction = store.begin()) {
            return transaction.outgoing(MACHINE, 100).stream()
                    .map(Outgoing::storedFor)
                    .toList();
        }
    }

    @Test
    void whatOneIsSendingNoOtherSendsNorWhatComesAfterIt() {
        save(change("a", 1, "m1", outgoing("a", "a1")));
        try (Transaction one = store.begin()) {
            assertThat(bodies(one.outgoing(MACHINE, 100))).containsExactly("a1");
            save(change("a", 2, "m2", outgoing("a", "a2")));
            save(change("b", 1, "m1", outgoing("b", "b1")));
            assertThat(outgoing()).containsExactly("b1");
        }
        assertThat(outgoing()).containsExactly("a1", "a2", "b1");
    }

    @Test
    void whatCouldNotBeSentHoldsUpItsConvoyAndNoOther() {
        save(change("a", 1, "m1", outgoing("a", "a1"), outgoing("a", "a2")));
        save(change("b", 1, "m1", outgoing("b", "b1")));
        try (Transaction transaction = store.begin()) {
            transaction.postpone(transaction.outgoing(MACHINE, 1), 300);
            transaction.commit();
        }
        assertThat(outgoing()).containsExactly("b1");
        await().untilAsserted(() -> assertThat(outgoing()).containsExactly("a1", "a2", "b1"));
    }

    @Test
    void whatWaitsBehindItTakesNoRoomFromOthers() {
        save(change("a", 1, "m1", outgoing("a", "a1"), outgoing("a", "a2"), outgoing("a", "a3")));
        save(change("b", 1, "m1", outgoing("b", "b1")));
        try (Transaction transaction = store.begin()) {
            transaction.postpone(transaction.outgoing(MACHINE, 1), 60_000);
            transaction.commit();
        }
        try (Transaction transaction = store.begin()) {
            assertThat(bodies(transaction.outgoing(MACHINE, 2))).containsExactly("b1");
        }
    }

    @Test
    void noMoreOfItComesAtOnceThanThereIsRoomFor() {
        List<Integer> sizes = List.of(1, ConvoyStore.MOST_OUTGOING_BYTES, 2, 3);
        save(change(
                "a",
                1,
                "m1",
                sizes.stream()
                        .map(size -> new Outgoing(0, "a", "mails", Map.of("id", "x"), new byte[size], 0))
                        .toArray(Outgoing[]::new)));
        for (List<Integer> next : List.of(List.of(1), List.of(ConvoyStore.MOST_OUTGOING_BYTES), List.of(2, 3))) {
            try (Transaction transaction = store.begin()) {
                List<Outgoing> letters = transaction.outgoing(MACHINE, 100);
                assertThat(letters).extracting(letter -> letter.body().length).containsExactlyElementsOf(next);
                transaction.sent(letters);
                transaction.commit();
            }
        }
    }
}
