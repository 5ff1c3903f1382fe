package dev.waybill.tck;

import static dev.waybill.tck.Orders.data;
import static dev.waybill.tck.Orders.paid;
import static dev.waybill.tck.Orders.placed;
import static dev.waybill.tck.Orders.shipped;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.waybill.Codec;
import dev.waybill.Message;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.convoy.ConvoyFilter;
import dev.waybill.convoy.ConvoyListener;
import dev.waybill.convoy.ConvoyOperations;
import dev.waybill.convoy.ConvoyStatus;
import dev.waybill.convoy.ConvoyStore.Change;
import dev.waybill.convoy.ConvoyStore.Transaction;
import dev.waybill.convoy.ConvoyStoreException;
import dev.waybill.convoy.Convoys;
import dev.waybill.convoy.StaleConvoyException;
import dev.waybill.convoy.StateMachine;
import dev.waybill.convoy.StoredConvoy;
import dev.waybill.spi.TimeSource;
import dev.waybill.tck.Orders.Event;
import dev.waybill.tck.Orders.State;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.Test;

/** What convoys try again, how often, and what they do not repeat: when processes die of it, or people decide. With messages in memory. */
abstract class StateMachineRecoveryContract extends StateMachineTroubleContract {
    /** Once with others, where it may not be the culprit, and then as often as it may fail. */
    private static final int MOST_DEATHS = ORDERS.maxDeliveries() + 1;

    private final AtomicInteger deaths = new AtomicInteger();

    /** What ends here leaves what a process leaves that dies here: what was committed, and nobody that counts. */
    private void die() {
        deaths.incrementAndGet();
        throw new ConvoyStoreException("the process dies", null);
    }

    private void isDue(String key, long dueAt) {
        await().ignoreException(StaleConvoyException.class).until(() -> {
            StoredConvoy before = existing(key);
            overwrite(before, before.machineVersion(), dueAt, before.failures(), before.failure());
            return true;
        });
    }

    /** After each death the time passes until it is tried again. */
    private void awaitDespiteDeaths(String key, ThrowingRunnable condition) {
        AtomicInteger seen = new AtomicInteger();
        await().untilAsserted(() -> {
            int now = deaths.get();
            if (now > seen.getAndSet(now) && existing(key).dueAt() > 0) {
                isDue(key, 1);
            }
            condition.run();
        });
    }

    private StoredConvoy awaitStuck(String key) {
        awaitDespiteDeaths(key, () -> assertThat(existing(key).status()).isEqualTo(ConvoyStatus.STUCK));
        return existing(key);
    }

    @Test
    void aTimeoutThatEndsItsProcessStopsNoOther() {
        List<String> keys = List.of("deadly", "late", "new");
        Convoys before = run(cancellable());
        for (String key : keys) {
            send(key, placed("1"));
            awaitState(key, State.PLACED);
        }
        before.close();
        isDue("deadly", 1);
        isDue("late", 2);
        isDue("new", System.currentTimeMillis());
        AtomicInteger living = new AtomicInteger();
        Convoys convoys = run(Orders.machine(MACHINE, MAILS)
                .after(State.PLACED, Duration.ofDays(1))
                .to(State.CANCELLED, step -> {
                    if (step.key().equals("deadly") && living.get() == 0) {
                        die();
                    }
                }));
        // They were begun together.
        awaitDespiteDeaths("late", () -> assertThat(existing("late").state()).isEqualTo("CANCELLED"));
        awaitState("new", State.CANCELLED);
        StoredConvoy stuck = awaitStuck("deadly");
        assertThat(stuck.state()).isEqualTo("PLACED");
        assertThat(stuck.failure()).contains("it was begun 4 times and has not ended");
        assertThat(deaths).hasValue(MOST_DEATHS);
        living.set(1);
        convoys.operations().skip("deadly");
        awaitStatus("deadly", ConvoyStatus.RUNNING);
        isDue("deadly", 1);
        awaitState("deadly", State.CANCELLED);
    }

    /** Another process, with messages of its own, whose clock is ahead of this one's by so much. */
    private static Waybill elsewhere(Duration ahead) {
        return Waybill.open(WaybillConfig.of(Map.of("waybill.broker", "in-memory", "waybill.uri", "in-memory:"))
                .time(new TimeSource() {
                    @Override
                    public long nanos() {
                        return System.nanoTime();
                    }

                    @Override
                    public long epochMillis() {
                        return System.currentTimeMillis() + ahead.toMillis();
                    }
                }));
    }

    private void runOn(Waybill one, StateMachine<State, Event, String> machine) {
        running.add(Convoys.of(one, ORDERS, machine)
                .store(store)
                .sendsTo(MAILS)
                .pollEvery(Duration.ofMillis(20))
                .start());
    }

    private void awaitAll(State state, List<String> keys) {
        ConvoyFilter filter = ConvoyFilter.all().inState(state.name());
        await().untilAsserted(
                        () -> assertThat(store.list(MACHINE, filter, "", 1000)).hasSameSizeAs(keys));
    }

    @Test
    void timeoutsFireOnceAndInTimeWhereTheClocksOfProcessesDiffer() {
        List<String> fired = new CopyOnWriteArrayList<>();
        StateMachine<State, Event, String> machine = Orders.machine(MACHINE, MAILS)
                .after(State.PLACED, Duration.ofMillis(500))
                .to(State.CANCELLED, step -> fired.add(step.key()))
                .build();
        List<String> keys = IntStream.range(0, 100).mapToObj(i -> "o" + i).toList();
        try (Waybill ahead = elsewhere(Duration.ofHours(1));
                Waybill behind = elsewhere(Duration.ofHours(-1))) {
            runOn(ahead, machine);
            runOn(behind, machine);
            runOn(waybill, machine);
            keys.forEach(key -> send(key, placed("1")));
            awaitAll(State.CANCELLED, keys);
            running.forEach(Convoys::close);
        }
        assertThat(fired).containsExactlyInAnyOrderElementsOf(keys);
        assertThat(keys)
                .extracting(key -> store.show(MACHINE, key).orElseThrow().history())
                .allSatisfy(history ->
                        assertThat(history.get(1).at() - history.get(0).at()).isBetween(500L, 30_000L));
    }

    @Test
    void whatIsLateFiresOnceInTwoProcesses() {
        List<String> keys = IntStream.range(0, 150).mapToObj(i -> "o" + i).toList();
        Convoys before = run(cancellable());
        keys.forEach(key -> send(key, placed("1")));
        awaitAll(State.PLACED, keys);
        before.close();
        for (String key : keys) {
            StoredConvoy convoy = existing(key);
            overwrite(convoy, convoy.machineVersion(), 1, 0, null);
        }
        List<String> fired = new CopyOnWriteArrayList<>();
        StateMachine<State, Event, String> machine = Orders.machine(MACHINE, MAILS)
                .after(State.PLACED, Duration.ofDays(1))
                .to(State.CANCELLED, step -> {
                    fired.add(step.key());
                    // So long that one process does not get through all of them in one transaction.
                    Thread.sleep(10);
                })
                .build();
        try (Waybill other = elsewhere(Duration.ZERO)) {
            runOn(other, machine);
            runOn(waybill, machine);
            awaitAll(State.CANCELLED, keys);
            running.forEach(Convoys::close);
        }
        assertThat(fired).containsExactlyInAnyOrderElementsOf(keys);
    }

    private String sendShipped(String key) {
        Message<Event> message = Message.with(shipped("deadly")).key(key).build();
        waybill.producer(ORDERS).sendAndWait(message);
        return message.id();
    }

    private StateMachine.Builder<State, Event, String> deadlyWhenPaid() {
        return StateMachine.named(MACHINE, State.class, Event.class, Codec.text())
                .start(State.NEW, key -> "")
                .on(State.NEW, Event.Placed.class)
                .to(State.PLACED)
                .after(State.PLACED, Duration.ofDays(1))
                .to(State.PAID)
                .on(State.PAID, Event.Paid.class)
                .to(State.PAID, (step, paid) -> Orders.append(step, "paid"))
                .on(State.PAID, Event.Shipped.class)
                .to(State.SHIPPED, (step, shipped) -> die())
                .on(State.PAID, Event.Shouted.class)
                .to(State.CANCELLED)
                .terminal(State.SHIPPED, State.CANCELLED);
    }

    @Test
    void whatIsHeldAndEndsItsProcessAfterATimeoutIsNamed() {
        Convoys convoys = run(deadlyWhenPaid());
        send("o1", placed("1"), paid("2"));
        String deadly = sendShipped("o1");
        await().untilAsserted(() -> assertThat(existing("o1").held()).isEqualTo(2));
        // A little late, so that it is not begun before it is done.
        isDue("o1", System.currentTimeMillis() - 1000);
        StoredConvoy stuck = awaitStuck("o1");
        assertThat(stuck.failedMessage()).isEqualTo(deadly);
        assertThat(stuck.failure()).contains("it was begun 4 times and has not ended");
        assertThat(data(stuck)).isEqualTo("paid;");
        // Once right behind the time-out, before anything is counted.
        assertThat(deaths).hasValue(1 + MOST_DEATHS);
        convoys.operations().skip("o1");
        assertThat(awaitStatus("o1", ConvoyStatus.RUNNING).held()).isZero();
    }

    private StateMachine.Builder<State, Event, String> deadlyWhenShipped(Runnable shipping) {
        return cancellable().on(State.PAID, Event.Paid.class).to(State.CANCELLED, (step, paid) -> shipping.run());
    }

    @Test
    void whatIsHeldAndEndsItsProcessBehindAMessageIsNamed() {
        run(deadlyWhenShipped(this::die));
        Message<Event> deadly = Message.with(paid("deadly")).key("o1").build();
        send("o1", paid("first"));
        waybill.producer(ORDERS).sendAndWait(deadly);
        send("o1", placed("1"));
        StoredConvoy stuck = awaitStuck("o1");
        assertThat(stuck.failedMessage()).isEqualTo(deadly.id());
        assertThat(stuck.state()).isEqualTo("PAID");
        assertThat(deaths).hasValue(1 + MOST_DEATHS);
        assertThat(deadLetters()).isEmpty();
    }

    @Test
    void whatIsHeldBehindAMessageThatComesAgainDoesNotWaitForTheNextLook() {
        StateMachine<State, Event, String> machine = deadlyWhenShipped(() -> {
                    if (deaths.get() == 0) {
                        die();
                    }
                })
                .build();
        running.add(Convoys.of(waybill, ORDERS, machine)
                .store(store)
                .sendsTo(MAILS)
                .pollEvery(Duration.ofMinutes(1))
                .start());
        send("o1", paid("first"), paid("second"), placed("1"));
        awaitState("o1", State.CANCELLED);
    }

    @Test
    void aConvoyMayGoOnWithoutWhatEndsItsProcess() {
        run(deadlyWhenShipped(() -> {
                    if (deaths.get() > MOST_DEATHS) {
                        throw new IllegalStateException("alone, it only fails");
                    }
                    die();
                })
                .skipFailed());
        send("o1", paid("first"), paid("deadly"), placed("1"));
        awaitDespiteDeaths("o1", () -> assertThat(deadLetters()).hasSize(1));
        assertThat(deaths).hasValue(1 + MOST_DEATHS);
        assertThat(existing("o1")).returns("PAID", StoredConvoy::state).returns(0, StoredConvoy::held);
    }

    @Test
    void aMessageThatLeavesAConvoyWhereItIsDoesNotMendItsTimeout() {
        run(cancellable().on(State.PLACED, Event.Placed.class).to(State.PLACED, (step, placed) -> step.data("again")));
        send("o1", placed("1"));
        StoredConvoy before = awaitState("o1", State.PLACED);
        overwrite(before, before.machineVersion(), before.dueAt(), 2, "it cannot be");
        send("o1", placed("2"));
        await().untilAsserted(() -> assertThat(data(existing("o1"))).isEqualTo("again"));
        assertThat(existing("o1")).returns(2, StoredConvoy::failures).returns("it cannot be", StoredConvoy::failure);
        send("o1", paid("3"));
        assertThat(awaitState("o1", State.PAID))
                .returns(0, StoredConvoy::failures)
                .returns(null, StoredConvoy::failure);
    }

    @Test
    void aFailureIsKeptWhateverItSays() {
        String all = "java.lang.IllegalStateException: 0 is \0, half is \uD83D, whole is \uD83D\uDE80";
        // Its last character is cut in two.
        String cut = all + "x".repeat(999 - all.length()) + "\uD83D\uDE80 and more";
        RuntimeException failure = new IllegalStateException(cut.substring(cut.indexOf(' ') + 1));
        run(cancellable()
                .on(State.PLACED, Event.Placed.class)
                .to(State.PLACED, (step, again) -> {
                    throw failure;
                })
                .after(State.PAID, Duration.ofMillis(100))
                .to(State.CANCELLED, step -> {
                    throw failure;
                }));
        send("message", placed("1"), placed("2"));
        send("time-out", placed("1"), paid("2"));
        String kept = cut.substring(0, 999).replace('\0', '?').replace("\uD83D,", "?,") + "?";
        assertThat(awaitStatus("message", ConvoyStatus.STUCK).failure()).isEqualTo(kept);
        assertThat(awaitStatus("time-out", ConvoyStatus.STUCK).failure()).isEqualTo(kept);
    }

    private List<String> alertsOf(StateMachine.Builder<State, Event, String> machine) {
        List<String> told = new CopyOnWriteArrayList<>();
        run(machine.after(State.PAID, Duration.ofMillis(50)).alert().build(), telling(told));
        send("o1", placed("1"), paid("2"));
        await().untilAsserted(() -> assertThat(told).containsExactly("PAID"));
        return told;
    }

    private static ConvoyListener telling(List<String> told) {
        return new ConvoyListener() {
            @Override
            public void timedOut(String machineName, String key, String from, String to, long lateMillis) {
                told.add(from);
            }
        };
    }

    private void goesOnWithoutAnother(List<String> told) {
        awaitStatus("o1", ConvoyStatus.RUNNING);
        await().during(Duration.ofMillis(200))
                .untilAsserted(() -> assertThat(told).hasSize(1));
    }

    @Test
    void anAlertComesOnceAlsoIfTheHistoryHasForgottenIt() {
        Map<String, String> broken = new ConcurrentHashMap<>();
        List<String> told = alertsOf(failing(broken).maxHeld(9).keepHistory(10));
        for (int i = 3; i < 18; i++) {
            send("o1", paid(Integer.toString(i)));
        }
        await().untilAsserted(() -> assertThat(data(existing("o1"))).contains("paid 17"));
        broken.put("o1", "");
        send("o1", paid("18"));
        awaitStatus("o1", ConvoyStatus.STUCK);
        broken.clear();
        new ConvoyOperations(store, MACHINE).retry("o1");
        goesOnWithoutAnother(told);
    }

    @Test
    void anAlertThatHasFailedIsGivenLaterAlsoIfTheHistoryIsLong() {
        AtomicInteger broken = new AtomicInteger(1);
        List<String> told = new CopyOnWriteArrayList<>();
        Convoys convoys = run(
                failing(Map.of())
                        .maxHeld(9)
                        .keepHistory(10)
                        .after(State.PAID, Duration.ofSeconds(1))
                        .alert(step -> {
                            if (broken.get() > 0) {
                                throw new IllegalStateException("nobody answers");
                            }
                        })
                        .build(),
                telling(told));
        send("o1", placed("1"));
        for (int i = 2; i < 18; i++) {
            send("o1", paid(Integer.toString(i)));
        }
        awaitStatus("o1", ConvoyStatus.STUCK);
        broken.set(0);
        convoys.operations().retry("o1");
        await().untilAsserted(() -> assertThat(told).containsExactly("PAID"));
        assertThat(awaitStatus("o1", ConvoyStatus.RUNNING).alerted()).isTrue();
    }

    @Test
    void anAlertComesOnceAlsoIfSomethingElseIsSkipped() {
        List<String> told = alertsOf(failing(Map.of()));
        StoredConvoy before = existing("o1");
        try (Transaction transaction = store.begin()) {
            StoredConvoy stuck = changed(before, ConvoyStatus.STUCK, State.PAID, 0);
            transaction.save(new Change(before, stuck, List.of(), List.of(), List.of(), List.of()));
            transaction.commit();
        }
        new ConvoyOperations(store, MACHINE).skip("o1");
        goesOnWithoutAnother(told);
        assertThat(existing("o1").since()).isEqualTo(before.since());
    }
}
