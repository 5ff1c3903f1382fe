package dev.waybill.tck;

import static dev.waybill.tck.Orders.append;
import static dev.waybill.tck.Orders.data;
import static dev.waybill.tck.Orders.paid;
import static dev.waybill.tck.Orders.placed;
import static dev.waybill.tck.Orders.shipped;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.groups.Tuple.tuple;
import static org.awaitility.Awaitility.await;

import dev.waybill.convoy.ConvoyCensus;
import dev.waybill.convoy.ConvoyDetails;
import dev.waybill.convoy.ConvoyFilter;
import dev.waybill.convoy.ConvoyStatus;
import dev.waybill.convoy.ConvoyStore;
import dev.waybill.convoy.ConvoyStore.Change;
import dev.waybill.convoy.ConvoyStore.Transaction;
import dev.waybill.convoy.Convoys;
import dev.waybill.convoy.HeldMessage;
import dev.waybill.convoy.HistoryEntry;
import dev.waybill.convoy.StaleConvoyException;
import dev.waybill.convoy.StoredConvoy;
import dev.waybill.tck.Orders.Event;
import dev.waybill.tck.Orders.State;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What {@link ConvoyStore} promises, and what a state machine makes of it, with messages in memory. Whoever writes a store extends
 * this.
 */
@Timeout(120)
public abstract class ConvoyStoreContract extends ConvoyOutboxContract {
    @Test
    void aConvoyIsKeptAsItWasGiven() {
        StoredConvoy whole = new StoredConvoy(
                MACHINE,
                "kéy '1' \uD83D\uDE80",
                "PLACED",
                ConvoyStatus.STUCK,
                1,
                3,
                new byte[] {0, 1, -1},
                17,
                18,
                19,
                true,
                0,
                7,
                4,
                "message",
                "java.lang.IllegalStateException: 'no' – \uD83D\uDE80");
        save(new Change(convoy(whole.key(), 0, 0), whole, List.of(), List.of(), List.of(), List.of()));
        assertThat(find(whole.key())).usingRecursiveComparison().isEqualTo(whole);
        assertThat(find("another")).isNull();
        try (Transaction transaction = store.begin()) {
            assertThat(transaction.load("another machine", whole.key(), "").convoy())
                    .isNull();
        }
    }

    @Test
    void onlyWhoKnowsTheVersionMayChangeIt() {
        save(change("a", 1, "m1"));
        save(change("a", 2, "m2"));
        assertThatThrownBy(() -> save(change("a", 2, "m3")))
                .isInstanceOf(StaleConvoyException.class)
                .hasMessageContaining("convoy 'a' of orders");
        assertThatThrownBy(() -> save(change("a", 1, "m3"))).isInstanceOf(StaleConvoyException.class);
        assertThat(existing("a").version()).isEqualTo(2);
        try (Transaction transaction = store.begin()) {
            assertThat(transaction.load(MACHINE, "a", "m2").known()).isTrue();
            assertThat(transaction.load(MACHINE, "a", "m3").known()).isFalse();
            assertThat(transaction.load(MACHINE, "b", "m2").known()).isFalse();
        }
    }

    @Test
    void ofTwoThatBeginAConvoyOneIsRefused() {
        try (Transaction first = store.begin();
                Transaction second = store.begin()) {
            first.load(MACHINE, "a", "m1");
            second.load(MACHINE, "a", "m2");
            first.save(change("a", 1, "m1"));
            first.commit();
            assertThatThrownBy(() -> {
                        second.save(change("a", 1, "m2"));
                        second.commit();
                    })
                    .isInstanceOf(StaleConvoyException.class);
        }
        assertThat(store.show(MACHINE, "a").orElseThrow().history())
                .extracting(HistoryEntry::messageId)
                .containsExactly("m1");
    }

    @Test
    void aZombieCannotOverwrite() {
        save(change("a", 1, "m1"));
        try (Transaction zombie = store.begin()) {
            StoredConvoy read = zombie.load(MACHINE, "a", "m2").convoy();
            assertThat(read).isNotNull();
            save(change("a", 2, "m2"));
            assertThatThrownBy(() -> {
                        zombie.save(change("a", 2, "m2"));
                        zombie.commit();
                    })
                    .isInstanceOf(StaleConvoyException.class);
        }
        assertThat(store.show(MACHINE, "a").orElseThrow().history()).hasSize(2);
    }

    @Test
    void nothingIsKeptOfATransactionOfWhichOneConvoyIsStale() {
        save(change("a", 1, "m1"), change("b", 1, "m1"));
        save(change("b", 2, "m2"));
        assertThatThrownBy(() -> save(change("a", 2, "m2"), change("b", 2, "m3")))
                .isInstanceOf(StaleConvoyException.class)
                .hasMessageContaining("'b'");
        assertThat(existing("a").version()).isEqualTo(1);
    }

    @Test
    void nothingIsKeptOfATransactionThatIsNotCommitted() {
        try (Transaction transaction = store.begin()) {
            transaction.load(MACHINE, "a", "m1");
            transaction.save(change("a", 1, "m1", outgoing("a", "1")));
        }
        assertThat(find("a")).isNull();
        assertThat(outgoing()).isEmpty();
    }

    @Test
    void whatIsHeldIsKnownAndComesInOrder() {
        HeldMessage second = new HeldMessage(2, "m2", "Shipped", Map.of("tenant", "a=b&c", "x", "é"), bytes("two"));
        HeldMessage first = new HeldMessage(-1, "m1", "Paid", Map.of(), new byte[] {0, -1});
        StoredConvoy begun = convoy("a", 1, 0);
        save(new Change(convoy("a", 0, 0), begun, List.of(), List.of(second, first), List.of(), List.of()));
        try (Transaction transaction = store.begin()) {
            assertThat(transaction.load(MACHINE, "a", "m2").known()).isTrue();
            assertThat(transaction.held(begun))
                    .usingRecursiveFieldByFieldElementComparator()
                    .containsExactly(first, second);
            assertThat(transaction.heldIds(begun))
                    .extracting(HeldMessage::order, HeldMessage::messageId)
                    .containsExactly(tuple(-1L, "m1"), tuple(2L, "m2"));
        }
        assertThat(store.show(MACHINE, "a").orElseThrow().held()).hasSize(2);
        save(new Change(begun, convoy("a", 2, 0), List.of(), List.of(), List.of(first), List.of()));
        try (Transaction transaction = store.begin()) {
            assertThat(transaction.load(MACHINE, "a", "m1").known()).isFalse();
            assertThat(transaction.held(begun))
                    .extracting(HeldMessage::messageId)
                    .containsExactly("m2");
        }
    }

    private void begin(String key, long dueAt) {
        save(new Change(convoy(key, 0, 0), convoy(key, 1, dueAt), List.of(), List.of(), List.of(), List.of()));
    }

    @Test
    void whatIsDueComesToOneAtATimeAndInOrder() {
        begin("third", 30);
        begin("first", 10);
        begin("never", 0);
        begin("later", NEVER);
        begin("second", 20);
        try (Transaction one = store.begin();
                Transaction other = store.begin()) {
            assertThat(one.due(MACHINE, 2)).extracting(StoredConvoy::key).containsExactly("first", "second");
            assertThat(one.now()).isBetween(System.currentTimeMillis() - 60_000, System.currentTimeMillis() + 60_000);
            // Some databases lock more rows than they return.
            assertThat(other.due(MACHINE, 10)).extracting(StoredConvoy::key).isSubsetOf("third");
            assertThat(other.due("another machine", 10)).isEmpty();
        }
        try (Transaction next = store.begin()) {
            assertThat(next.due(MACHINE, 10)).hasSize(3);
        }
    }

    @Test
    void itIsKnownWhenMoreIsDue() {
        long now = System.currentTimeMillis();
        begin("never", 0);
        begin("past", now - 1000);
        try (Transaction transaction = store.begin()) {
            assertThat(transaction.due(MACHINE, 10)).hasSize(1);
            assertThat(transaction.untilDue(MACHINE)).isEqualTo(Long.MAX_VALUE);
        }
        begin("last", now + 7_200_000);
        begin("next", now + 3_600_000);
        try (Transaction transaction = store.begin()) {
            assertThat(transaction.due(MACHINE, 10)).hasSize(1);
            assertThat(transaction.untilDue(MACHINE)).isBetween(3_400_000L, 3_800_000L);
            assertThat(transaction.untilDue("another machine")).isEqualTo(Long.MAX_VALUE);
        }
    }

    @Test
    void whatIsDueAndDoneIsDueNoMore() {
        begin("a", 10);
        begin("b", 10);
        try (Transaction transaction = store.begin()) {
            for (StoredConvoy due : transaction.due(MACHINE, 10)) {
                transaction.save(new Change(due, convoy(due.key(), 2, 0), List.of(), List.of(), List.of(), List.of()));
            }
            transaction.commit();
        }
        try (Transaction transaction = store.begin()) {
            assertThat(transaction.due(MACHINE, 10)).isEmpty();
        }
    }

    @Test
    void whatIsForgottenIsGoneWithItsHistory() {
        save(change("a", 1, "m1"));
        try (Transaction transaction = store.begin()) {
            transaction.delete(
                    Objects.requireNonNull(transaction.load(MACHINE, "a", "").convoy()));
            transaction.commit();
        }
        assertThat(find("a")).isNull();
        try (Transaction transaction = store.begin()) {
            assertThat(transaction.load(MACHINE, "a", "m1").known()).isFalse();
        }
        save(change("a", 1, "m1"));
        assertThat(store.show(MACHINE, "a").orElseThrow().history()).hasSize(1);
    }

    @Test
    void onlyTheNewestOfALongHistoryIsKept() {
        List<String> ids = List.of("m1", "ü & =%", "m3", "m4", "m5");
        for (int version = 1; version <= 5; version++) {
            Change change = change("a", version, ids.get(version - 1));
            save(new Change(
                    change.before(),
                    change.after(),
                    change.history(),
                    List.of(),
                    List.of(),
                    List.of(),
                    version == 5 ? 3 : 0));
        }
        save(change("b", 1, "m1"));
        assertThat(store.show(MACHINE, "a").orElseThrow().history())
                .extracting(HistoryEntry::messageId)
                .containsExactly("m3", "m4", "m5");
        try (Transaction transaction = store.begin()) {
            for (int i = 0; i < 5; i++) {
                assertThat(transaction.load(MACHINE, "a", ids.get(i)).known())
                        .as("%s", ids.get(i))
                        .isEqualTo(i >= 2);
            }
            assertThat(transaction.load(MACHINE, "b", "m1").known()).isTrue();
        }
        save(change("a", 6, "m1"));
        assertThat(store.show(MACHINE, "a").orElseThrow().history()).hasSize(4);
    }

    @Test
    void aLongConvoyRemembersItsNewestStepsAndHowManyThereWere() {
        Convoys convoys = run(cancellable()
                .on(State.PAID, Event.Paid.class)
                .to(State.PAID, (step, paid) -> append(step, "paid"))
                .maxHeld(9)
                .keepHistory(10));
        send("o1", placed("1"));
        for (int i = 2; i <= 25; i++) {
            send("o1", paid(Integer.toString(i)));
        }
        send("o1", shipped("26"));
        awaitState("o1", State.SHIPPED);
        ConvoyDetails shown = convoys.operations().show("o1");
        assertThat(shown.history()).hasSize(10);
        assertThat(shown.history().get(9).event()).isEqualTo("Shipped");
        assertThat(shown.forgotten()).isEqualTo(16);
        // Each was handled, with its entry or without.
        assertThat(data(shown.convoy()).split(";")).hasSize(26);
    }

    private static StoredConvoy holding(int held) {
        return new StoredConvoy(
                MACHINE, "b", "PAID", ConvoyStatus.STUCK, 2, 3, bytes(""), 17, 18, 0, false, held, 0, 0, null, null);
    }

    private static ConvoyCensus.Group group(String state, ConvoyStatus status) {
        return new ConvoyCensus.Group(state, status);
    }

    @Test
    void aCensusCountsWhatIsThere() {
        assertThat(store.census(MACHINE)).isEqualTo(new ConvoyCensus(Map.of(), 0, 0, 0, 0, 0));
        save(change("a", 1, "m1", outgoing("a", "a1"), outgoing("a", "a2")), change("b", 1, "m1"));
        begin("late", System.currentTimeMillis() - 60_000);
        begin("later", System.currentTimeMillis() - 5_000);
        List<HeldMessage> two = List.of(
                new HeldMessage(1, "h1", "Paid", Map.of(), bytes("")),
                new HeldMessage(2, "h2", "Paid", Map.of(), bytes("")));
        save(new Change(convoy("b", 1, 0), holding(2), List.of(), two, List.of(), List.of()));
        ConvoyCensus census = store.census(MACHINE);
        assertThat(census.convoys())
                .isEqualTo(Map.of(group("PLACED", ConvoyStatus.RUNNING), 3L, group("PAID", ConvoyStatus.STUCK), 1L));
        assertThat(census.held()).isEqualTo(2);
        assertThat(census.due()).isEqualTo(2);
        assertThat(census.dueMillis()).isBetween(50_000L, 120_000L);
        assertThat(census.outgoing()).isEqualTo(2);
        assertThat(census.outgoingMillis()).isBetween(0L, 60_000L);
        assertThat(store.census("another machine")).isEqualTo(new ConvoyCensus(Map.of(), 0, 0, 0, 0, 0));

        try (Transaction transaction = store.begin()) {
            transaction.delete(holding(2));
            transaction.sent(transaction.outgoing(MACHINE, 1));
            transaction.due(MACHINE, 10).forEach(transaction::delete);
            transaction.commit();
        }
        await("the oldest that is left is older than nothing")
                .untilAsserted(
                        () -> assertThat(store.census(MACHINE).outgoingMillis()).isPositive());
        ConvoyCensus left = store.census(MACHINE);
        assertThat(left)
                .isEqualTo(new ConvoyCensus(
                        Map.of(group("PLACED", ConvoyStatus.RUNNING), 1L), 0, 0, 0, 1, left.outgoingMillis()));
    }

    @Test
    void convoysAreListedByKeyAndByWhatIsMeant() {
        for (String key : List.of("d", "b", "a", "c")) {
            save(change(key, 1, "m1"));
        }
        StoredConvoy stuck = new StoredConvoy(
                MACHINE,
                "e",
                "PAID",
                ConvoyStatus.STUCK,
                1,
                1,
                bytes(""),
                1,
                System.currentTimeMillis() - 5000,
                0,
                false,
                0,
                0,
                0,
                null,
                null);
        save(new Change(convoy("e", 0, 0), stuck, List.of(), List.of(), List.of(), List.of()));
        assertThat(keys(ConvoyFilter.all(), "", 3)).containsExactly("a", "b", "c");
        assertThat(keys(ConvoyFilter.all(), "c", 3)).containsExactly("d", "e");
        assertThat(keys(ConvoyFilter.all().inState("PAID"), "", 10)).containsExactly("e");
        assertThat(keys(ConvoyFilter.all().withStatus(ConvoyStatus.RUNNING), "", 10))
                .containsExactly("a", "b", "c", "d");
        assertThat(keys(ConvoyFilter.all().inState("PAID").inStateFor(Duration.ofSeconds(4)), "", 10))
                .containsExactly("e");
        assertThat(keys(ConvoyFilter.all().inState("PAID").inStateFor(Duration.ofHours(1)), "", 10))
                .isEmpty();
    }

    private List<String> keys(ConvoyFilter filter, String after, int limit) {
        return store.list(MACHINE, filter, after, limit).stream()
                .map(StoredConvoy::key)
                .toList();
    }
}
