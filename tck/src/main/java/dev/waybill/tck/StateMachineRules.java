package dev.waybill.tck;

import static dev.waybill.tck.Orders.append;
import static dev.waybill.tck.Orders.data;
import static dev.waybill.tck.Orders.paid;
import static dev.waybill.tck.Orders.placed;
import static dev.waybill.tck.Orders.shipped;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.waybill.Capability;
import dev.waybill.DeadLetter;
import dev.waybill.DeadLetterFilter;
import dev.waybill.Message;
import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.RetryPolicy;
import dev.waybill.Waybill;
import dev.waybill.convoy.ConvoyDetails;
import dev.waybill.convoy.ConvoyListener;
import dev.waybill.convoy.ConvoyOperations;
import dev.waybill.convoy.ConvoyStatus;
import dev.waybill.convoy.ConvoyStore;
import dev.waybill.convoy.Convoys;
import dev.waybill.convoy.HistoryEntry;
import dev.waybill.convoy.InMemoryConvoyStore;
import dev.waybill.convoy.StateMachine;
import dev.waybill.convoy.StoredConvoy;
import dev.waybill.convoy.Untimely;
import dev.waybill.tck.Orders.Event;
import dev.waybill.tck.Orders.State;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Rules of convoys with a state, whatever the store, which has a contract of its own: {@link ConvoyStoreContract}. */
abstract class StateMachineRules extends Chapter {
    private static final int ORDERS = 20;

    private final ConvoyStore store = new InMemoryConvoyStore();
    private final List<Convoys> running = new ArrayList<>();
    private Queue<Event> orders;
    private Queue<String> mails;

    @BeforeEach
    void needsOrder() {
        needs(Capability.KEY_ORDER);
        orders = Queue.named(newName(), Orders.EVENTS)
                .orderedByKey()
                .maxDeliveries(3)
                .lockDuration(harness().shortLock())
                .retry(RetryPolicy.fixed(Duration.ofMillis(20)))
                .build();
        mails = newQueue().build();
    }

    @AfterEach
    void closeConvoys() {
        running.forEach(Convoys::close);
    }

    private StateMachine.Builder<State, Event, String> machine() {
        return Orders.machine("orders", mails);
    }

    /** With a way to be cancelled that the rule says. */
    private StateMachine.Builder<State, Event, String> cancellable() {
        return machine().after(State.PLACED, Duration.ofDays(1)).to(State.CANCELLED);
    }

    private Convoys run(Waybill process, StateMachine<State, Event, String> machine, ConvoyListener listener) {
        Convoys convoys = Convoys.of(process, orders, machine)
                .store(store)
                .sendsTo(mails)
                .listener(listener)
                .pollEvery(Duration.ofMillis(50))
                .consumer(consumer -> consumer.concurrency(4))
                .start();
        running.add(convoys);
        return convoys;
    }

    private Convoys run(StateMachine.Builder<State, Event, String> machine) {
        return run(waybill, machine.build(), new ConvoyListener() {});
    }

    private static String order(int number) {
        return "order-" + number;
    }

    private void send(String key, Event... events) {
        try (Producer<Event> producer = waybill.producer(orders)) {
            for (Event event : events) {
                producer.sendAndWait(Message.with(event).key(key).build());
            }
        }
    }

    private ConvoyDetails show(String key) {
        return new ConvoyOperations(store, "orders").show(key);
    }

    private StoredConvoy awaitConvoy(String key, State state, ConvoyStatus status, int held) {
        await().ignoreExceptions()
                .untilAsserted(() -> assertThat(show(key).convoy())
                        .returns(state.name(), StoredConvoy::state)
                        .returns(status, StoredConvoy::status)
                        .returns(held, StoredConvoy::held));
        return show(key).convoy();
    }

    private StoredConvoy awaitState(String key, State state) {
        boolean ends = state == State.SHIPPED || state == State.CANCELLED;
        return awaitConvoy(key, state, ends ? ConvoyStatus.DONE : ConvoyStatus.RUNNING, 0);
    }

    private List<String> reasons() {
        return waybill.deadLetters(orders).browse(DeadLetterFilter.all(), 0, 10).stream()
                .map(DeadLetter::reason)
                .toList();
    }

    @Test
    void c2_1_aConvoyGoesFromStateToStateOverSeveralProcesses() {
        run(cancellable());
        run(another(), cancellable().build(), new ConvoyListener() {});
        Map<String, AtomicInteger> told = new ConcurrentHashMap<>();
        waybill.consumer(mails)
                .start(delivery -> told.computeIfAbsent(delivery.payload(), any -> new AtomicInteger())
                        .incrementAndGet());
        try (Producer<Event> producer = waybill.producer(orders)) {
            for (Event event : List.of(placed("1"), paid("2"), shipped("3"))) {
                for (int i = 0; i < ORDERS; i++) {
                    producer.sendAndWait(Message.with(event).key(order(i)).build());
                }
            }
        }
        for (int i = 0; i < ORDERS; i++) {
            StoredConvoy done = awaitState(order(i), State.SHIPPED);
            assertThat(data(done)).isEqualTo("placed 1;paid 2;shipped 3;");
            assertThat(show(order(i)).history())
                    .extracting(HistoryEntry::event)
                    .containsExactly("Placed", "Paid", "Shipped");
        }
        await().untilAsserted(() -> assertThat(told).hasSize(ORDERS));
    }

    @Test
    void c3_1_whatIsEarlyIsHeldAndGoesThroughInOrder() {
        run(cancellable());
        send("order", shipped("1"), paid("2"));
        awaitConvoy("order", State.NEW, ConvoyStatus.RUNNING, 2);
        await().until(() -> waybill.depth(orders) == 0);
        send("order", placed("3"));
        assertThat(data(awaitState("order", State.SHIPPED))).isEqualTo("placed 3;paid 2;shipped 1;");
    }

    @Test
    void c3_2_whatIsLateOrUnexpectedIsDealtWithAsDeclared() {
        run(cancellable());
        send("order", placed("1"), placed("late"), new Event.Shouted("ignored"), paid("2"));
        awaitState("order", State.PAID);
        await().untilAsserted(() -> assertThat(reasons())
                .containsExactly("Placed is not awaited by convoy 'order' of orders, RUNNING in PLACED"));
    }

    @Test
    void c3_3_whatGoesToTheEndOfItsQueueComesAgain() {
        run(cancellable().early(Untimely.REQUEUE));
        send("order", paid("1"), placed("2"));
        assertThat(data(awaitState("order", State.PAID))).isEqualTo("placed 2;paid 1;");
        assertThat(reasons()).isEmpty();
    }

    @Test
    @ResourceLock(BROKER)
    void c4_1_whatComesAgainAfterALostConnectionCountsOnce() {
        StateMachine<State, Event, String> counting = cancellable()
                .on(State.PAID, Event.Paid.class)
                .to(State.PAID, (step, paid) -> {
                    // So that the connections go while there is something to lose.
                    TimeUnit.MILLISECONDS.sleep(2);
                    append(step, paid.text());
                })
                .build();
        Optional<Consumer<Waybill>> loseConnections = harness().loseConnections();
        assumeTrue(loseConnections.isPresent(), "the harness cannot cut connections");
        Waybill consuming = another();
        run(consuming, counting, new ConvoyListener() {});
        StringBuilder expected = new StringBuilder("placed 0;paid 1;");
        List<CompletableFuture<Void>> sends = new ArrayList<>();
        try (Producer<Event> producer = waybill.producer(orders)) {
            for (int number = 0; number <= 50; number++) {
                Event event = number == 0 ? placed("0") : paid(Integer.toString(number));
                for (int i = 0; i < ORDERS; i++) {
                    sends.add(producer.send(Message.with(event).key(order(i)).build()));
                }
                expected.append(number > 1 ? number + ";" : "");
            }
            CompletableFuture.allOf(sends.toArray(CompletableFuture[]::new)).join();
        }
        await().ignoreExceptions().until(() -> data(show(order(0)).convoy()).contains(";10;"));
        loseConnections.get().accept(consuming);
        for (int i = 0; i < ORDERS; i++) {
            String key = order(i);
            await().untilAsserted(() -> assertThat(data(show(key).convoy())).isEqualTo(expected.toString()));
        }
    }

    @Test
    void c5_1_aStateThatWaitsTooLongTimesOutOnce() {
        Set<String> told = ConcurrentHashMap.newKeySet();
        List<String> twice = new CopyOnWriteArrayList<>();
        StateMachine<State, Event, String> impatient = machine()
                .after(State.PLACED, Duration.ofMillis(300))
                .to(State.CANCELLED, step -> step.send(mails, Message.of(step.key() + " was not paid")))
                .build();
        ConvoyListener listener = new ConvoyListener() {
            @Override
            public void timedOut(String machine, String key, String from, String to, long lateMillis) {
                if (!told.add(key)) {
                    twice.add(key);
                }
            }
        };
        run(waybill, impatient, listener);
        run(another(), impatient, listener);
        Set<String> sent = ConcurrentHashMap.newKeySet();
        waybill.consumer(mails).start(delivery -> sent.add(delivery.payload()));
        for (int i = 0; i < ORDERS; i++) {
            send(order(i), placed("1"));
        }
        await().untilAsserted(() -> assertThat(sent).hasSize(ORDERS));
        await().untilAsserted(() -> assertThat(told).hasSize(ORDERS));
        assertThat(twice).isEmpty();
        assertThat(awaitState(order(0), State.CANCELLED).status()).isEqualTo(ConvoyStatus.DONE);
    }

    @Test
    void c6_1_aConvoyThatIsStuckHoldsUpNoOtherAndGoesOnWhenAskedTo() {
        Set<String> broken = ConcurrentHashMap.newKeySet();
        broken.add("stuck");
        Convoys convoys = run(cancellable().on(State.PAID, Event.Paid.class).to(State.PAID, (step, paid) -> {
            if (broken.contains(step.key())) {
                throw new IllegalStateException("it is broken");
            }
            append(step, "paid " + paid.text());
        }));
        for (String key : List.of("stuck", "other")) {
            send(key, placed("1"), paid("2"), paid("3"), shipped("4"));
        }
        awaitState("other", State.SHIPPED);
        StoredConvoy stuck = awaitConvoy("stuck", State.PAID, ConvoyStatus.STUCK, 2);
        assertThat(stuck.failure()).isEqualTo("java.lang.IllegalStateException: it is broken");
        assertThat(reasons()).isEmpty();
        broken.clear();
        convoys.operations().retry("stuck");
        assertThat(data(awaitState("stuck", State.SHIPPED))).isEqualTo("placed 1;paid 2;paid 3;shipped 4;");
    }
}
