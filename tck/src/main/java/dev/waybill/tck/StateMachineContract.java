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

import dev.waybill.Codec;
import dev.waybill.DeadLetter;
import dev.waybill.DeadLetterFilter;
import dev.waybill.Message;
import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.RetryPolicy;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.convoy.ConvoyException;
import dev.waybill.convoy.ConvoyListener;
import dev.waybill.convoy.ConvoyOperations;
import dev.waybill.convoy.ConvoyStatus;
import dev.waybill.convoy.ConvoyStore;
import dev.waybill.convoy.ConvoyStore.Transaction;
import dev.waybill.convoy.Convoys;
import dev.waybill.convoy.HeldMessage;
import dev.waybill.convoy.HistoryEntry;
import dev.waybill.convoy.Outgoing;
import dev.waybill.convoy.StateMachine;
import dev.waybill.convoy.StoredConvoy;
import dev.waybill.convoy.Untimely;
import dev.waybill.tck.Orders.Event;
import dev.waybill.tck.Orders.State;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What state machines do with convoys that are kept in a store, with messages in memory. */
@Timeout(120)
abstract class StateMachineContract {
    static final String MACHINE = "orders";

    ConvoyStore store;
    Waybill waybill;
    final List<Convoys> running = new ArrayList<>();

    /** A store that is empty; asked for once per test. */
    protected abstract ConvoyStore store() throws Exception;

    @BeforeEach
    final void openStore() throws Exception {
        store = store();
        waybill = Waybill.open(
                WaybillConfig.of(Map.of("waybill.broker", "in-memory", "waybill.uri", "in-memory:convoys")));
    }

    @AfterEach
    final void closeAll() {
        running.forEach(Convoys::close);
        waybill.close();
    }

    StoredConvoy existing(String key) {
        return Objects.requireNonNull(find(key), key);
    }

    @Nullable
    StoredConvoy find(String key) {
        try (Transaction transaction = store.begin()) {
            return transaction.load(MACHINE, key, "").convoy();
        }
    }

    static List<String> bodies(List<Outgoing> messages) {
        return messages.stream()
                .map(message -> new String(message.body(), StandardCharsets.UTF_8))
                .toList();
    }

    List<String> outgoing() {
        try (Transaction transaction = store.begin()) {
            return bodies(transaction.outgoing(MACHINE, 100));
        }
    }

    static final Queue<Event> ORDERS = Queue.named("orders", Orders.EVENTS)
            .orderedByKey()
            .maxDeliveries(3)
            .retry(RetryPolicy.fixed(Duration.ofMillis(5)))
            .build();

    static final Queue<String> MAILS = Queue.ofText("mails");

    /** With a way to be cancelled that the test says. */
    static StateMachine.Builder<State, Event, String> cancellable() {
        return Orders.machine(MACHINE, MAILS)
                .after(State.PLACED, Duration.ofDays(1))
                .to(State.CANCELLED);
    }

    Convoys run(StateMachine<State, Event, String> machine, ConvoyListener listener) {
        Convoys convoys = Convoys.of(waybill, ORDERS, machine)
                .store(store)
                .sendsTo(MAILS)
                .listener(listener)
                .pollEvery(Duration.ofMillis(20))
                .consumer(consumer -> consumer.concurrency(4))
                .start();
        running.add(convoys);
        return convoys;
    }

    Convoys run(StateMachine.Builder<State, Event, String> machine) {
        return run(machine.build(), new ConvoyListener() {});
    }

    void send(String key, Event... events) {
        Producer<Event> producer = waybill.producer(ORDERS);
        for (Event event : events) {
            producer.sendAndWait(Message.with(event).key(key).build());
        }
    }

    StoredConvoy awaitState(String key, State state) {
        await().untilAsserted(() -> assertThat(find(key)).isNotNull().returns(state.name(), from -> from.state()));
        return existing(key);
    }

    StoredConvoy awaitStatus(String key, ConvoyStatus status) {
        await().untilAsserted(() -> assertThat(find(key)).isNotNull().returns(status, StoredConvoy::status));
        return existing(key);
    }

    List<String> mails() {
        List<String> mails = new CopyOnWriteArrayList<>();
        waybill.consumer(MAILS).start(delivery -> mails.add(delivery.payload()));
        return mails;
    }

    @Test
    void aConvoyGoesFromStateToState() {
        run(cancellable());
        List<String> mails = mails();
        send("o1", placed("1"), paid("2"), shipped("3"));
        StoredConvoy done = awaitState("o1", State.SHIPPED);
        assertThat(done.status()).isEqualTo(ConvoyStatus.DONE);
        assertThat(data(done)).isEqualTo("placed 1;paid 2;shipped 3;");
        assertThat(store.show(MACHINE, "o1").orElseThrow().history())
                .extracting(HistoryEntry::event, HistoryEntry::from, HistoryEntry::to)
                .containsExactly(
                        tuple("Placed", "NEW", "PLACED"),
                        tuple("Paid", "PLACED", "PAID"),
                        tuple("Shipped", "PAID", "SHIPPED"));
        await().untilAsserted(() -> assertThat(mails).containsExactly("o1 is on its way"));
        await().untilAsserted(() -> assertThat(outgoing()).isEmpty());
    }

    @Test
    void whatIsEarlyIsHeldAndGoesThroughInOrder() {
        run(cancellable());
        send("o1", shipped("1"), paid("2"));
        await().untilAsserted(() -> assertThat(find("o1")).isNotNull().returns(2, StoredConvoy::held));
        assertThat(existing("o1").state()).isEqualTo("NEW");
        send("o1", placed("3"));
        StoredConvoy done = awaitState("o1", State.SHIPPED);
        assertThat(data(done)).isEqualTo("placed 3;paid 2;shipped 1;");
        assertThat(done.held()).isZero();
    }

    @Test
    void aMessageThatComesTwiceCountsOnce() {
        run(cancellable());
        Producer<Event> producer = waybill.producer(ORDERS);
        Message<Event> early = Message.with(paid("early")).key("o1").build();
        Message<Event> first = Message.with(placed("once")).key("o1").build();
        for (Message<Event> message : List.of(early, early, first, first, early)) {
            producer.sendAndWait(message);
        }
        awaitState("o1", State.PAID);
        send("o1", shipped("last"));
        StoredConvoy done = awaitState("o1", State.SHIPPED);
        assertThat(data(done)).isEqualTo("placed once;paid early;shipped last;");
    }

    @Test
    void aDuplicateIsRejectedUnlessTheMessageOnlyComesAgain() throws Exception {
        StateMachine<State, Event, String> machine =
                cancellable().duplicate(Untimely.REJECT).build();
        ConvoyListener nobody = new ConvoyListener() {};
        Message<Event> message = Message.with(placed("a")).key("k").id("once").build();
        Convoys first = run(machine, nobody);
        waybill.producer(ORDERS).sendAndWait(message);
        awaitState("k", State.PLACED);
        first.close();
        waybill.producer(ORDERS).sendAndWait(message);
        CountDownLatch delivered = new CountDownLatch(1);
        Subscription crashing = waybill.consumer(ORDERS).start(delivery -> {
            delivered.countDown();
            new CountDownLatch(1).await();
        });
        assertThat(delivered.await(30, TimeUnit.SECONDS)).isTrue();
        crashing.close(Duration.ZERO);
        run(machine, nobody);
        waybill.producer(ORDERS).sendAndWait(message);
        send("k", paid("b"));
        // Which comes behind both.
        awaitState("k", State.PAID);
        assertThat(waybill.deadLetters(ORDERS).count()).isEqualTo(1);
        assertThat(deadLetters())
                .extracting(DeadLetter::reason)
                .containsExactly("convoy 'k' of orders, RUNNING in PLACED had it before");
    }

    List<DeadLetter> deadLetters() {
        return waybill.deadLetters(ORDERS).browse(DeadLetterFilter.all(), 0, 10);
    }

    @Test
    void whatIsLateOrUnexpectedIsRejectedWithTheReason() {
        run(cancellable());
        send("o1", placed("1"), placed("again"), new Event.Shouted("is ignored"), paid("2"), new Event.Shouted("late"));
        awaitState("o1", State.PAID);
        await().untilAsserted(() -> assertThat(deadLetters())
                .extracting(DeadLetter::reason)
                .containsExactly(
                        "Placed is not awaited by convoy 'o1' of orders, RUNNING in PLACED",
                        "Shouted is not awaited by convoy 'o1' of orders, RUNNING in PAID"));
    }

    @Test
    void whatIsHeldWhenNothingCanComeAnyMoreIsRejected() {
        run(Orders.machine(MACHINE, MAILS)
                .after(State.PLACED, Duration.ofMillis(300))
                .to(State.CANCELLED));
        send("o1", placed("1"), shipped("for ever"));
        awaitState("o1", State.CANCELLED);
        await().untilAsserted(() -> assertThat(deadLetters())
                .extracting(DeadLetter::reason)
                .containsExactly("Shipped is not awaited by convoy 'o1' of orders, DONE in CANCELLED"));
        assertThat(existing("o1").held()).isZero();
    }

    @Test
    void whatGoesToTheEndOfTheQueueComesAgain() {
        run(cancellable().early(Untimely.REQUEUE));
        send("o1", paid("1"), placed("2"));
        StoredConvoy paid = awaitState("o1", State.PAID);
        assertThat(data(paid)).isEqualTo("placed 2;paid 1;");
        assertThat(store.show(MACHINE, "o1").orElseThrow().held()).isEmpty();
    }

    @Test
    void oneMoreThanMayBeHeldIsRejected() {
        run(cancellable().maxHeld(2));
        send("o1", paid("1"), shipped("2"), shipped("3"));
        await().untilAsserted(() -> assertThat(deadLetters())
                .extracting(DeadLetter::reason)
                .containsExactly("convoy 'o1' of orders, RUNNING in NEW holds 2 messages already"));
    }

    @Test
    void anActionThatFailsKeepsNothingAndIsTriedAgain() {
        AtomicInteger tries = new AtomicInteger();
        run(cancellable().on(State.PAID, Event.Paid.class).to(State.PAID, (step, paid) -> {
            append(step, "try " + tries.incrementAndGet());
            step.send(MAILS, Message.of("try " + tries));
            if (tries.get() < 3) {
                throw new IllegalStateException("not yet");
            }
        }));
        List<String> mails = mails();
        send("o1", placed("1"), paid("2"), paid("3"), shipped("4"));
        assertThat(data(awaitState("o1", State.SHIPPED))).isEqualTo("placed 1;paid 2;try 3;shipped 4;");
        await().untilAsserted(() -> assertThat(mails).containsExactly("try 3", "o1 is on its way"));
    }

    static StateMachine.Builder<State, Event, String> failing(Map<String, String> broken) {
        return cancellable().on(State.PAID, Event.Paid.class).to(State.PAID, (step, paid) -> {
            if (broken.containsKey(step.key())) {
                throw new IllegalStateException("it is broken");
            }
            append(step, "paid " + paid.text());
        });
    }

    @Test
    void aConvoyThatIsStuckHoldsWhatComesAndNoOtherConvoy() {
        Map<String, String> broken = new ConcurrentHashMap<>(Map.of("o1", ""));
        List<String> alarms = new CopyOnWriteArrayList<>();
        Convoys convoys = run(failing(broken).build(), new ConvoyListener() {
            @Override
            public void stuck(String machine, String key, String failure) {
                alarms.add(key + ": " + failure);
            }
        });
        for (String key : List.of("o1", "o2")) {
            send(key, placed("1"), paid("2"), paid("3"), shipped("4"));
        }
        awaitState("o2", State.SHIPPED);
        StoredConvoy stuck = awaitStatus("o1", ConvoyStatus.STUCK);
        assertThat(stuck.failure()).isEqualTo("java.lang.IllegalStateException: it is broken");
        assertThat(stuck.state()).isEqualTo("PAID");
        await().untilAsserted(() -> assertThat(existing("o1").held()).isEqualTo(2));
        assertThat(store.show(MACHINE, "o1").orElseThrow().held())
                .extracting(HeldMessage::type)
                .containsExactly("Paid", "Shipped");
        assertThat(alarms).containsExactly("o1: java.lang.IllegalStateException: it is broken");
        assertThat(deadLetters()).isEmpty();

        ConvoyOperations operations = convoys.operations();
        operations.retry("o1");
        await().untilAsserted(() -> assertThat(alarms).hasSize(2));
        awaitStatus("o1", ConvoyStatus.STUCK);
        broken.clear();
        operations.retry("o1");
        assertThat(data(awaitState("o1", State.SHIPPED))).isEqualTo("placed 1;paid 2;paid 3;shipped 4;");
    }

    @Test
    void whatFailedCanBeSkipped() {
        Convoys convoys = run(failing(Map.of("o1", "")));
        send("o1", placed("1"), paid("2"));
        Message<Event> bad = Message.with(paid("bad")).key("o1").build();
        waybill.producer(ORDERS).sendAndWait(bad);
        send("o1", shipped("4"));
        awaitStatus("o1", ConvoyStatus.STUCK);
        await().untilAsserted(() -> assertThat(existing("o1").held()).isEqualTo(2));
        convoys.operations().skip("o1");
        assertThat(data(awaitState("o1", State.SHIPPED))).isEqualTo("placed 1;paid 2;shipped 4;");
        try (Transaction transaction = store.begin()) {
            assertThat(transaction.load(MACHINE, "o1", bad.id()).known()).isTrue();
        }
    }

    @Test
    void aConvoyCanBeCancelled() {
        Convoys convoys = run(failing(Map.of("o1", "")));
        send("o1", placed("1"), paid("2"), paid("bad"), shipped("4"));
        awaitStatus("o1", ConvoyStatus.STUCK);
        await().untilAsserted(() -> assertThat(existing("o1").held()).isEqualTo(2));
        StoredConvoy cancelled = convoys.operations().cancel("o1");
        assertThat(cancelled.status()).isEqualTo(ConvoyStatus.CANCELLED);
        assertThat(store.show(MACHINE, "o1").orElseThrow().held()).isEmpty();
        send("o1", shipped("5"));
        await().untilAsserted(() -> assertThat(deadLetters())
                .extracting(DeadLetter::reason)
                .containsExactly("Shipped is not awaited by convoy 'o1' of orders, CANCELLED in PAID"));
        assertThatThrownBy(() -> convoys.operations().cancel("o1"))
                .isInstanceOf(ConvoyException.class)
                .hasMessage("convoy 'o1' of orders, CANCELLED in PAID has ended");
    }

    @Test
    void whatIsAskedOfAConvoyMustBePossible() {
        Convoys convoys = run(cancellable());
        send("o1", placed("1"));
        awaitState("o1", State.PLACED);
        assertThatThrownBy(() -> convoys.operations().retry("o1"))
                .isInstanceOf(ConvoyException.class)
                .hasMessage("convoy 'o1' of orders, RUNNING in PLACED is not stuck");
        assertThatThrownBy(() -> convoys.operations().show("o2"))
                .isInstanceOf(ConvoyException.class)
                .hasMessage("there is no convoy 'o2' of orders");
    }

    @Test
    void aConvoyMayGoOnWithoutWhatFails() {
        run(failing(Map.of("o1", "")).skipFailed());
        send("o1", placed("1"), paid("2"), paid("bad"), shipped("4"));
        assertThat(data(awaitState("o1", State.SHIPPED))).isEqualTo("placed 1;paid 2;shipped 4;");
        await().untilAsserted(() -> assertThat(deadLetters())
                .extracting(DeadLetter::reason)
                .containsExactly("delivery 3 of 3 failed: java.lang.IllegalStateException: it is broken"));
    }

    @Test
    void whatWasHeldAndFailsGoesToTheDeadLettersToo() {
        run(failing(Map.of("o1", "")).skipFailed());
        send("o1", paid("2"), paid("bad"), placed("1"));
        awaitState("o1", State.PAID);
        await().untilAsserted(() -> assertThat(deadLetters())
                .extracting(DeadLetter::reason)
                .containsExactly("delivery 3 of 3 failed: java.lang.IllegalStateException: it is broken"));
        assertThat(data(existing("o1"))).isEqualTo("placed 1;paid 2;");
    }

    @Test
    void aStateThatWaitsTooLongTimesOutOnceHoweverManyProcessesThereAre() {
        List<String> told = new CopyOnWriteArrayList<>();
        StateMachine<State, Event, String> machine = Orders.machine(MACHINE, MAILS)
                .after(State.PLACED, Duration.ofMillis(200))
                .to(State.CANCELLED, step -> {
                    append(step, "too late");
                    step.send(MAILS, Message.of(step.key() + " was not paid"));
                })
                .build();
        ConvoyListener listener = new ConvoyListener() {
            @Override
            public void timedOut(String machineName, String key, String from, String to, long lateMillis) {
                told.add(key + " " + from + " " + to);
            }
        };
        for (int i = 0; i < 3; i++) {
            run(machine, listener);
        }
        List<String> mails = mails();
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            send("o" + i, placed("1"));
            expected.add("o" + i + " was not paid");
        }
        await().untilAsserted(() -> assertThat(mails).hasSizeGreaterThanOrEqualTo(100));
        assertThat(mails).containsExactlyInAnyOrderElementsOf(expected);
        await().untilAsserted(() -> assertThat(told).hasSize(100));
        assertThat(told).doesNotHaveDuplicates().contains("o7 PLACED CANCELLED");
        assertThat(data(existing("o7"))).isEqualTo("placed 1;too late;");
    }

    @Test
    void anAlertLeavesTheConvoyWhereItIs() {
        List<String> told = new CopyOnWriteArrayList<>();
        run(
                cancellableAfterPaying()
                        .after(State.PLACED, Duration.ofMillis(100))
                        .alert()
                        .build(),
                new ConvoyListener() {
                    @Override
                    public void timedOut(String machineName, String key, String from, String to, long lateMillis) {
                        told.add(key + " " + from + " " + to);
                    }
                });
        send("o1", placed("1"));
        await().untilAsserted(() -> assertThat(told).containsExactly("o1 PLACED PLACED"));
        send("o1", paid("2"), shipped("3"));
        awaitState("o1", State.SHIPPED);
        assertThat(told).hasSize(1);
    }

    private static StateMachine.Builder<State, Event, String> cancellableAfterPaying() {
        return Orders.machine(MACHINE, MAILS)
                .after(State.PAID, Duration.ofDays(1))
                .to(State.CANCELLED);
    }

    @Test
    void aTimeoutThatFailsIsTriedAgainAndHoldsUpNoOther() {
        Map<String, String> broken = new ConcurrentHashMap<>(Map.of("o1", ""));
        Convoys convoys = run(Orders.machine(MACHINE, MAILS)
                .after(State.PLACED, Duration.ofMillis(100))
                .to(State.CANCELLED, step -> {
                    if (broken.containsKey(step.key())) {
                        throw new IllegalStateException("cannot compensate");
                    }
                }));
        for (String key : List.of("o1", "o2", "o3")) {
            send(key, placed("1"));
        }
        awaitState("o2", State.CANCELLED);
        awaitState("o3", State.CANCELLED);
        StoredConvoy stuck = awaitStatus("o1", ConvoyStatus.STUCK);
        assertThat(stuck.failures()).isEqualTo(3);
        assertThat(stuck.failure()).isEqualTo("java.lang.IllegalStateException: cannot compensate");
        broken.clear();
        convoys.operations().retry("o1");
        awaitState("o1", State.CANCELLED);
    }

    @Test
    void aConvoyThatHasEndedIsForgottenAfterAWhile() {
        Convoys convoys = Convoys.of(waybill, ORDERS, cancellable().build())
                .store(store)
                .sendsTo(MAILS)
                .keepEnded(Duration.ofMillis(200))
                .pollEvery(Duration.ofMillis(20))
                .start();
        running.add(convoys);
        send("o1", placed("1"), paid("2"), shipped("3"));
        awaitState("o1", State.SHIPPED);
        await().untilAsserted(() -> assertThat(find("o1")).isNull());
    }

    @Test
    void whatConvoysSendComesInTheOrderOfTheirSteps() {
        Queue<String> copies =
                Queue.named("copies", Codec.text()).orderedByKey().build();
        StateMachine<State, Event, String> machine = cancellable()
                .on(State.PAID, Event.Paid.class)
                .to(State.PAID, (step, paid) -> step.send(copies, Message.of(paid.text())))
                .build();
        Convoys convoys = Convoys.of(waybill, ORDERS, machine)
                .store(store)
                .sendsTo(MAILS, copies)
                .consumer(consumer -> consumer.concurrency(8))
                .start();
        running.add(convoys);
        Map<String, List<String>> got = new ConcurrentHashMap<>();
        waybill.consumer(copies)
                .start(delivery -> got.computeIfAbsent(
                                delivery.key().orElseThrow(), key -> new CopyOnWriteArrayList<>())
                        .add(delivery.payload()));
        List<String> numbers = new ArrayList<>();
        Producer<Event> producer = waybill.producer(ORDERS);
        for (int i = 0; i <= 50; i++) {
            for (int key = 0; key < 10; key++) {
                Event event = i == 0 ? placed("0") : paid(Integer.toString(i));
                producer.sendAndWait(Message.with(event).key("o" + key).build());
            }
            if (i > 1) {
                numbers.add(Integer.toString(i));
            }
        }
        await().untilAsserted(() -> {
            assertThat(got).hasSize(10);
            assertThat(got.values()).allSatisfy(list -> assertThat(list).containsExactlyElementsOf(numbers));
        });
    }
}
