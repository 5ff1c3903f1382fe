package dev.waybill.tck;

import static dev.waybill.tck.Orders.data;
import static dev.waybill.tck.Orders.paid;
import static dev.waybill.tck.Orders.placed;
import static dev.waybill.tck.Orders.shipped;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;
import static org.awaitility.Awaitility.await;

import dev.waybill.Codec;
import dev.waybill.DeadLetter;
import dev.waybill.Health;
import dev.waybill.Message;
import dev.waybill.Queue;
import dev.waybill.RetryPolicy;
import dev.waybill.convoy.ConvoyCensus;
import dev.waybill.convoy.ConvoyDetails;
import dev.waybill.convoy.ConvoyFilter;
import dev.waybill.convoy.ConvoyListener;
import dev.waybill.convoy.ConvoyStatus;
import dev.waybill.convoy.ConvoyStore;
import dev.waybill.convoy.ConvoyStore.Change;
import dev.waybill.convoy.ConvoyStore.Transaction;
import dev.waybill.convoy.ConvoyStoreException;
import dev.waybill.convoy.Convoys;
import dev.waybill.convoy.HeldMessage;
import dev.waybill.convoy.HistoryEntry;
import dev.waybill.convoy.StateMachine;
import dev.waybill.convoy.StoredConvoy;
import dev.waybill.convoy.Untimely;
import dev.waybill.tck.Orders.Event;
import dev.waybill.tck.Orders.State;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What state machines do when several things go wrong at once, with messages in memory. */
abstract class StateMachineTroubleContract extends StateMachineContract {

    @Test
    void whatIsHeldGoesOnWithoutWhatFails() {
        run(failing(Map.of("o1", "")).skipFailed());
        send("o1", paid("2"), paid("bad"), shipped("4"), placed("1"));
        assertThat(data(awaitState("o1", State.SHIPPED))).isEqualTo("placed 1;paid 2;shipped 4;");
        // It comes again when there is nothing more to go on to.
        await().untilAsserted(() -> assertThat(deadLetters()).hasSize(1));
    }

    /** A state, and what leads from it when its time is over: what the action says. */
    private static StateMachine.Builder<State, Event, String> timingOut(Map<String, String> broken) {
        return Orders.machine(MACHINE, MAILS)
                .after(State.PLACED, Duration.ofMillis(100))
                .to(State.CANCELLED, step -> {
                    if (broken.containsKey(step.key())) {
                        throw new AssertionError("it cannot be");
                    }
                });
    }

    @Test
    void anErrorOfATimeoutHoldsUpNoOtherAndIsTriedAgain() {
        Map<String, String> broken = new ConcurrentHashMap<>(Map.of("o1", ""));
        Convoys convoys = run(timingOut(broken));
        send("o1", placed("1"));
        StoredConvoy stuck = awaitStatus("o1", ConvoyStatus.STUCK);
        assertThat(stuck.failure()).isEqualTo("java.lang.AssertionError: it cannot be");
        send("o2", placed("1"));
        awaitState("o2", State.CANCELLED);
        broken.clear();
        convoys.operations().retry("o1");
        awaitState("o1", State.CANCELLED);
    }

    @Test
    void anErrorOfAnActionIsAFailureToo() {
        run(cancellable().on(State.PAID, Event.Paid.class).to(State.PAID, (step, paid) -> {
            throw new AssertionError("it cannot be");
        }));
        send("o1", placed("1"), paid("2"), paid("3"));
        assertThat(awaitStatus("o1", ConvoyStatus.STUCK).failure()).isEqualTo("java.lang.AssertionError: it cannot be");
        assertThat(deadLetters()).isEmpty();
    }

    static StoredConvoy changed(StoredConvoy convoy, ConvoyStatus status, State state, int held) {
        return new StoredConvoy(
                convoy.machine(),
                convoy.key(),
                state.name(),
                status,
                convoy.version() + 1,
                convoy.machineVersion(),
                convoy.data(),
                convoy.createdAt(),
                convoy.since(),
                convoy.dueAt(),
                convoy.alerted(),
                held,
                convoy.steps(),
                0,
                null,
                null);
    }

    private void handledByAnother(String key, String messageId) {
        StoredConvoy before = existing(key);
        StoredConvoy after = changed(before, ConvoyStatus.RUNNING, State.PAID, 0);
        HistoryEntry entry = new HistoryEntry(after.version(), 1, messageId, "Paid", "PAID", "PAID");
        try (Transaction transaction = store.begin()) {
            transaction.save(new Change(before, after, List.of(entry), List.of(), List.of(), List.of()));
            transaction.commit();
        }
    }

    private void heldByAnother(String key, HeldMessage message) {
        StoredConvoy before = existing(key);
        StoredConvoy after = changed(before, ConvoyStatus.STUCK, State.PAID, 1);
        try (Transaction transaction = store.begin()) {
            transaction.save(new Change(before, after, List.of(), List.of(message), List.of(), List.of()));
            transaction.commit();
        }
    }

    /** What happens while a step runs that then fails for the last time. */
    private StateMachine.Builder<State, Event, String> failingAfter(Runnable meanwhile) {
        AtomicInteger tries = new AtomicInteger();
        return cancellable().on(State.PAID, Event.Paid.class).to(State.PAID, (step, paid) -> {
            if (tries.incrementAndGet() == ORDERS.maxDeliveries()) {
                meanwhile.run();
            }
            throw new IllegalStateException("too slow");
        });
    }

    private void sendAgain() {
        waybill.producer(ORDERS)
                .sendAndWait(Message.with(paid("2")).key("o1").id("again").build());
    }

    @Test
    void whatAnotherHasHandledIsNotHeldByWhoFails() {
        run(failingAfter(() -> handledByAnother("o1", "again")));
        send("o1", placed("1"), paid("1"));
        sendAgain();
        send("o1", shipped("3"));
        awaitState("o1", State.SHIPPED);
        assertThat(existing("o1").held()).isZero();
    }

    @Test
    void whatAnotherHoldsIsNotHeldTwice() {
        HeldMessage held = new HeldMessage(0, "again", "Paid", Map.of(), "paid 2".getBytes(StandardCharsets.UTF_8));
        run(failingAfter(() -> heldByAnother("o1", held)));
        send("o1", placed("1"), paid("1"));
        sendAgain();
        send("o1", shipped("3"));
        await().untilAsserted(() -> assertThat(store.show(MACHINE, "o1"))
                .hasValueSatisfying(convoy ->
                        assertThat(convoy.held()).extracting(HeldMessage::type).containsExactly("Paid", "Shipped")));
    }

    @Test
    void whatFailsDoesNotUndoThatItsConvoyWasCancelled() {
        AtomicReference<Convoys> convoys = new AtomicReference<>();
        convoys.set(run(failingAfter(() -> convoys.get().operations().cancel("o1"))));
        send("o1", placed("1"), paid("2"), paid("3"));
        await().untilAsserted(() -> assertThat(deadLetters())
                .extracting(DeadLetter::reason)
                .containsExactly("delivery 3 of 3 failed: java.lang.IllegalStateException: too slow"));
        assertThat(existing("o1").status()).isEqualTo(ConvoyStatus.CANCELLED);
    }

    private void sendForged(Event event, String header, String value) {
        waybill.producer(ORDERS)
                .sendAndWait(Message.with(event).key("o1").header(header, value).build());
    }

    @ParameterizedTest
    @ValueSource(strings = {"many", "-7", "", "99999999999"})
    void howOftenAMessageWentToTheEndIsNotBelievedBlindly(String forged) {
        run(Orders.machine(MACHINE, MAILS)
                .early(Untimely.REQUEUE)
                .after(State.PLACED, Duration.ofDays(1))
                .to(State.CANCELLED));
        sendForged(paid("1"), "convoy-requeues", forged);
        await().untilAsserted(() -> assertThat(deadLetters())
                .extracting(DeadLetter::reason)
                .containsExactly(
                        "it went to the end of the queue 3 times; Paid is not awaited by convoy 'o1' of orders,"
                                + " RUNNING in NEW"));
    }

    @Test
    void aMessageThatWentToTheEndTooOftenGoesNoMore() {
        run(cancellable().early(Untimely.REQUEUE));
        sendForged(paid("1"), "convoy-requeues", "1000");
        await().untilAsserted(() -> assertThat(deadLetters()).hasSize(1));
    }

    @Test
    void whatIsHeldCanBeRejectedWhateverItsHeaders() {
        run(Orders.machine(MACHINE, MAILS)
                .after(State.PLACED, Duration.ofMillis(100))
                .to(State.CANCELLED));
        send("o1", placed("1"));
        sendForged(shipped("2"), "convoy-requeues", "many");
        awaitState("o1", State.CANCELLED);
        await().untilAsserted(() -> assertThat(deadLetters()).hasSize(1));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 129, 400, 4000})
    void anIdThatNoStoreTakesIsNotTakenFromAHeader(int length) {
        run(cancellable());
        send("o1", placed("1"));
        Message<Event> message = Message.with(paid("2"))
                .key("o1")
                .header("convoy-message-id", "x".repeat(length))
                .build();
        waybill.producer(ORDERS).sendAndWait(message);
        waybill.producer(ORDERS).sendAndWait(message);
        send("o1", shipped("3"));
        awaitState("o1", State.SHIPPED);
        assertThat(store.show(MACHINE, "o1").orElseThrow().history())
                .extracting(HistoryEntry::messageId)
                .contains(message.id());
    }

    @Test
    void anAlertComesOnceAlsoIfTheConvoyIsStuckLater() throws Exception {
        Map<String, String> broken = new ConcurrentHashMap<>(Map.of("o1", ""));
        List<String> told = new CopyOnWriteArrayList<>();
        Convoys convoys = run(
                failing(broken).after(State.PAID, Duration.ofMillis(50)).alert().build(), new ConvoyListener() {
                    @Override
                    public void timedOut(String machineName, String key, String from, String to, long lateMillis) {
                        told.add(from);
                    }
                });
        send("o1", placed("1"), paid("2"));
        await().untilAsserted(() -> assertThat(told).containsExactly("PAID"));
        send("o1", paid("3"));
        awaitStatus("o1", ConvoyStatus.STUCK);
        broken.clear();
        convoys.operations().retry("o1");
        awaitStatus("o1", ConvoyStatus.RUNNING);
        await().during(Duration.ofMillis(300))
                .untilAsserted(() -> assertThat(told).hasSize(1));
    }

    @Test
    void whatGoesThroughAfterATimeoutMayFailAsOftenAsAnyOther() {
        AtomicInteger tries = new AtomicInteger();
        run(StateMachine.named(MACHINE, State.class, Event.class, Codec.text())
                .start(State.NEW, key -> "")
                .on(State.NEW, Event.Placed.class)
                .to(State.PLACED)
                .after(State.PLACED, Duration.ofMillis(100))
                .to(State.PAID)
                .on(State.PAID, Event.Shipped.class)
                .to(State.SHIPPED, (step, shipped) -> {
                    if (tries.incrementAndGet() < ORDERS.maxDeliveries()) {
                        throw new IllegalStateException("not yet");
                    }
                })
                .on(State.PAID, Event.Paid.class)
                .to(State.PAID)
                .on(State.PAID, Event.Shouted.class)
                .to(State.CANCELLED)
                .terminal(State.SHIPPED, State.CANCELLED));
        send("o1", placed("1"), shipped("2"));
        awaitState("o1", State.SHIPPED);
    }

    @Test
    void aBrokerThatIsSlowDoesNotHoldUpTimeouts() {
        CountDownLatch released = new CountDownLatch(1);
        Queue<String> slow = Queue.named("slow", new SlowCodec(released)).build();
        Convoys convoys = Convoys.of(
                        waybill,
                        ORDERS,
                        Orders.machine(MACHINE, MAILS)
                                .after(State.PLACED, Duration.ofMillis(300))
                                .to(State.CANCELLED)
                                .on(State.PLACED, Event.Placed.class)
                                .to(State.PLACED, (step, placed) -> step.send(slow, Message.of("slow")))
                                .build())
                .store(store)
                .sendsTo(MAILS, slow)
                .pollEvery(Duration.ofMillis(20))
                .start();
        running.add(convoys);
        try {
            send("o1", placed("1"), placed("2"));
            awaitState("o1", State.CANCELLED);
        } finally {
            released.countDown();
        }
    }

    /** Takes its time to read what is to be sent. */
    private record SlowCodec(CountDownLatch released) implements Codec<String> {
        @Override
        public byte[] encode(String value) throws Exception {
            return Codec.text().encode(value);
        }

        @Override
        public String decode(byte[] body) throws Exception {
            released.await();
            return Codec.text().decode(body);
        }

        @Override
        public String contentType() {
            return "text/plain";
        }
    }

    @Test
    void aConvoyThatHadEndedHasEndedWhenItIsStuckNoMore() {
        Convoys convoys = Convoys.of(waybill, ORDERS, cancellable().build())
                .store(store)
                .sendsTo(MAILS)
                .keepEnded(Duration.ofMillis(200))
                .pollEvery(Duration.ofMillis(20))
                .start();
        running.add(convoys);
        send("o1", placed("1"));
        StoredConvoy before = awaitState("o1", State.PLACED);
        try (Transaction transaction = store.begin()) {
            StoredConvoy after = changed(before, ConvoyStatus.STUCK, State.SHIPPED, 0);
            transaction.save(new Change(before, after, List.of(), List.of(), List.of(), List.of()));
            transaction.commit();
        }
        convoys.operations().retry("o1");
        await().untilAsserted(() -> assertThat(find("o1")).isNull());
    }

    @Test
    void whatCanNeverBeSentIsTheFailureOfItsStep() {
        Queue<String> ordered =
                Queue.named("ordered", Codec.text()).orderedByKey().build();
        Convoys convoys = Convoys.of(
                        waybill,
                        ORDERS,
                        cancellable()
                                .on(State.PAID, Event.Paid.class)
                                .to(
                                        State.PAID,
                                        (step, paid) -> step.send(
                                                paid.text().equals("level") ? MAILS : ordered,
                                                paid.text().equals("level")
                                                        ? Message.with("")
                                                                .priority(1)
                                                                .build()
                                                        : Message.with("")
                                                                .delay(Duration.ofSeconds(1))
                                                                .build()))
                                .build())
                .store(store)
                .sendsTo(MAILS, ordered)
                .start();
        running.add(convoys);
        send("o1", placed("1"), paid("2"), paid("level"));
        send("o2", placed("1"), paid("2"), paid("delay"));
        assertThat(awaitStatus("o1", ConvoyStatus.STUCK).failure()).contains("no priorities");
        assertThat(awaitStatus("o2", ConvoyStatus.STUCK).failure()).contains("ordered by key");
        assertThat(outgoing()).isEmpty();
    }

    @Test
    void whatFailsAndIsToBeDroppedHoldsUpNothing() {
        Queue<Event> dropping = Queue.named("dropping", Orders.EVENTS)
                .orderedByKey()
                .maxDeliveries(3)
                .retry(RetryPolicy.fixed(Duration.ofMillis(5)).discardOn(IllegalStateException.class))
                .build();
        Convoys convoys = Convoys.of(
                        waybill, dropping, failing(Map.of("o1", "")).build())
                .store(store)
                .sendsTo(MAILS)
                .start();
        running.add(convoys);
        for (Event event : List.of(paid("2"), paid("bad"), shipped("4"), placed("1"))) {
            waybill.producer(dropping).sendAndWait(Message.with(event).key("o1").build());
        }
        assertThat(data(awaitState("o1", State.SHIPPED))).isEqualTo("placed 1;paid 2;shipped 4;");
        assertThat(existing("o1").held()).isZero();
    }

    private void storedByALaterVersion(String key, long dueAt) {
        StoredConvoy convoy = existing(key);
        overwrite(convoy, convoy.machineVersion() + 1, dueAt, 0, null);
    }

    /** As another process may. */
    void overwrite(StoredConvoy convoy, int machineVersion, long dueAt, int failures, @Nullable String failure) {
        StoredConvoy after = new StoredConvoy(
                convoy.machine(),
                convoy.key(),
                convoy.state(),
                convoy.status(),
                convoy.version() + 1,
                machineVersion,
                convoy.data(),
                convoy.createdAt(),
                convoy.since(),
                dueAt,
                convoy.alerted(),
                convoy.held(),
                convoy.steps(),
                failures,
                convoy.failedMessage(),
                failure);
        try (Transaction transaction = store.begin()) {
            transaction.save(new Change(convoy, after, List.of(), List.of(), List.of(), List.of()));
            transaction.commit();
        }
    }

    @Test
    void whatALaterVersionHasStoredWaitsForAProcessThatKnowsIt() throws Exception {
        Convoys earlier = run(cancellable());
        send("o1", placed("1"));
        send("o2", placed("1"));
        awaitState("o1", State.PLACED);
        awaitState("o2", State.PLACED);
        storedByALaterVersion("o1", 0);
        storedByALaterVersion("o2", 1);
        send("o1", paid("2"));
        Thread.sleep(500);
        assertThat(existing("o1").status()).isEqualTo(ConvoyStatus.RUNNING);
        assertThat(existing("o2").status()).isEqualTo(ConvoyStatus.RUNNING);
        assertThat(existing("o2").failure()).isNull();
        earlier.close();
        run(cancellable().version(2, old -> old));
        awaitState("o1", State.PAID);
        awaitState("o2", State.CANCELLED);
    }

    /** The store of the test, or none. */
    private final class Interrupted implements ConvoyStore {
        private final AtomicBoolean down = new AtomicBoolean();

        private ConvoyStore store() {
            if (down.get()) {
                throw new ConvoyStoreException("it is down", null);
            }
            return store;
        }

        @Override
        public Transaction begin() {
            return store().begin();
        }

        @Override
        public List<StoredConvoy> list(String machine, ConvoyFilter filter, String after, int limit) {
            return store().list(machine, filter, after, limit);
        }

        @Override
        public Optional<ConvoyDetails> show(String machine, String key) {
            return store().show(machine, key);
        }

        @Override
        public ConvoyCensus census(String machine) {
            return store().census(machine);
        }
    }

    @Test
    void healthTellsThatTheStoreIsDown() {
        Interrupted interrupted = new Interrupted();
        Convoys convoys = Convoys.of(waybill, ORDERS, cancellable().build())
                .store(interrupted)
                .sendsTo(MAILS)
                .pollEvery(Duration.ofMillis(20))
                .start();
        running.add(convoys);
        assertThat(convoys.health().status()).isEqualTo(Health.Status.UP);
        interrupted.down.set(true);
        await().untilAsserted(() -> assertThat(convoys.health().components())
                .extracting(Health.Component::kind, Health.Component::status)
                .containsExactly(
                        tuple("subscription", Health.Status.UP),
                        tuple("convoys", Health.Status.DEGRADED),
                        tuple("convoys", Health.Status.DEGRADED)));
        assertThat(waybill.health().components()).containsAll(convoys.health().components());
        interrupted.down.set(false);
        await().untilAsserted(() -> assertThat(convoys.health().status()).isEqualTo(Health.Status.UP));
        convoys.close();
        assertThat(waybill.health().components()).noneMatch(part -> part.kind().equals("convoys"));
    }

    @Test
    void timeoutsThatAreSlowAreKeptBeforeAllAreDone() {
        run(Orders.machine(MACHINE, MAILS)
                .after(State.PLACED, Duration.ofSeconds(1))
                .to(State.CANCELLED, step -> Thread.sleep(600)));
        for (int i = 0; i < 10; i++) {
            send("o" + i, placed("1"));
        }
        awaitState("o0", State.CANCELLED);
        assertThat(existing("o9").state()).isEqualTo("PLACED");
        await().untilAsserted(
                        () -> assertThat(store.list(MACHINE, ConvoyFilter.all().inState("CANCELLED"), "", 100))
                                .hasSize(10));
    }
}
