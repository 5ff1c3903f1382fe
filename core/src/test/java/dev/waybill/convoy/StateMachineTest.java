package dev.waybill.convoy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waybill.Codec;
import dev.waybill.CodecException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class StateMachineTest {

    private enum State {
        NEW,
        PLACED,
        PAID,
        CANCELLED
    }

    private sealed interface Event {}

    private record Placed(int total) implements Event {}

    private record Paid(int amount) implements Event {}

    private record Withdrawn() implements Event {}

    private static StateMachine.Builder<State, Event, String> machine() {
        return StateMachine.named("orders", State.class, Event.class, Codec.text())
                .start(State.NEW, key -> "")
                .on(State.NEW, Placed.class)
                .to(State.PLACED, (step, placed) -> step.data(Integer.toString(placed.total)))
                .on(State.PLACED, Paid.class)
                .when("in full", (total, paid) -> paid.amount >= Integer.parseInt(total))
                .to(State.PAID)
                .after(State.PLACED, Duration.ofMinutes(30))
                .to(State.CANCELLED)
                .terminal(State.PAID, State.CANCELLED);
    }

    private static StateMachine.Builder<State, Event, String> whole() {
        return machine().on(State.PLACED, Withdrawn.class).to(State.CANCELLED);
    }

    @Test
    void drawsItself() {
        assertThat(whole().on(State.PLACED, Paid.class).to(State.PLACED).build().toMermaid())
                .isEqualTo("""
                        stateDiagram-v2
                            [*] --> NEW
                            NEW --> PLACED : Placed
                            PLACED --> PAID : Paid [in full]
                            PLACED --> CANCELLED : Withdrawn
                            PLACED --> PLACED : Paid
                            PLACED --> CANCELLED : after PT30M
                            PAID --> [*]
                            CANCELLED --> [*]
                        """);
    }

    @Test
    void whatItsBuilderIsToldLaterIsNoneOfItsBusiness() {
        StateMachine.Builder<State, Event, String> builder = whole();
        StateMachine<State, Event, String> machine = builder.build();
        String before = machine.toMermaid();
        builder.on(State.NEW, Withdrawn.class)
                .to(State.CANCELLED)
                .after(State.NEW, Duration.ofDays(1))
                .to(State.CANCELLED);
        assertThat(machine.toMermaid()).isEqualTo(before);
        assertThat(builder.build().toMermaid()).isNotEqualTo(before);
    }

    private static void assertRefused(StateMachine.Builder<State, Event, String> builder, String... why) {
        assertThatThrownBy(builder::build)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("state machine 'orders'")
                .hasMessageContainingAll(why);
    }

    @Test
    void saysAllThatIsWrongWithIt() {
        assertRefused(
                StateMachine.named("orders", State.class, Event.class, Codec.text())
                        .start(State.NEW, key -> "")
                        .on(State.NEW, Placed.class)
                        .to(State.PLACED)
                        .terminal(State.CANCELLED)
                        .on(State.CANCELLED, Withdrawn.class)
                        .to(State.NEW),
                "state PAID cannot be reached from NEW",
                "state CANCELLED cannot be reached from NEW",
                "state CANCELLED is terminal, but something is declared for it",
                "state PLACED leads nowhere, and is not terminal",
                "no state says what becomes of Paid");
    }

    @Test
    void aTypeThatNoStateMentionsIsRefused() {
        assertRefused(machine(), "no state says what becomes of Withdrawn");
    }

    @Test
    void twoTransitionsForOneMessageAreRefused() {
        assertRefused(
                whole().on(State.PLACED, Withdrawn.class).to(State.PAID),
                "two transitions for one message: PLACED on Withdrawn, and PLACED on Withdrawn");
        assertRefused(
                whole().on(State.PLACED, Event.class).to(State.PAID),
                "two transitions for one message: PLACED on Paid [in full], and PLACED on Event",
                "two transitions for one message: PLACED on Withdrawn, and PLACED on Event");
    }

    @Test
    void twoTimeoutsForOneStateAreRefused() {
        assertRefused(whole().after(State.PLACED, Duration.ofHours(1)).alert(), "two time-outs for state PLACED");
    }

    @Test
    void aMachineWithoutAStartIsRefused() {
        assertRefused(StateMachine.named("orders", State.class, Event.class, Codec.text()), "has no start");
    }

    @Test
    void whatNeverGetsItsTurnCannotBeHeld() {
        assertThatThrownBy(() -> whole().late(Untimely.HOLD))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "a message that is late cannot be dealt with by HOLD, since its turn may never come; REJECT or IGNORE");
    }

    private static Untimely untimely(State state, String data, Event event) throws Exception {
        return whole().late(Untimely.IGNORE).build().decide(state, data, event).untimely();
    }

    @Test
    void aMessageIsEarlyLateOrUnexpected() throws Exception {
        assertThat(untimely(State.NEW, "", new Placed(1))).isNull();
        assertThat(untimely(State.NEW, "", new Paid(1))).isEqualTo(Untimely.HOLD);
        assertThat(untimely(State.PLACED, "10", new Placed(1))).isEqualTo(Untimely.IGNORE);
        assertThat(untimely(State.PAID, "10", new Withdrawn())).isEqualTo(Untimely.IGNORE);
        assertThat(untimely(State.PLACED, "10", new Paid(10))).isNull();
        assertThat(untimely(State.PLACED, "10", new Paid(9))).isEqualTo(Untimely.REJECT);
    }

    @Test
    void aHistoryIsCutNowAndThen() {
        StateMachine<State, Event, String> machine =
                whole().keepHistory(100).maxHeld(99).build();
        assertThat(machine.keptAfter(100)).isZero();
        assertThat(machine.keptAfter(109)).isZero();
        assertThat(machine.keptAfter(110)).isEqualTo(100);
        assertThat(machine.keptAfter(111)).isZero();
        assertThat(whole().build().keptAfter(11_000)).isEqualTo(10_000);
        assertThatThrownBy(() -> whole().keepHistory(9))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("keepHistory is 9 but must be 10 to 1000000");
        assertThatThrownBy(() -> whole().keepHistory(100).maxHeld(100).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("keepHistory is 100 but must be more than maxHeld, 100");
    }

    private static StoredConvoy stored(int version, String state, String data) {
        byte[] bytes = data.getBytes(StandardCharsets.UTF_8);
        return new StoredConvoy(
                "orders", "k", state, ConvoyStatus.RUNNING, 7, version, bytes, 0, 0, 0, false, 0, 0, 0, null, null);
    }

    @Test
    void whatAnEarlierVersionStoredIsMigratedVersionByVersion() {
        StateMachine<State, Event, String> third = whole().version(3, old -> {
                    String text = new String(old.data(), StandardCharsets.UTF_8) + " from " + old.version();
                    String state = old.state().equals("ORDERED") ? "PLACED" : old.state();
                    return new Migration.Stored(old.version() + 1, state, text.getBytes(StandardCharsets.UTF_8));
                })
                .build();
        StateMachine.Position<State, String> read = third.read(stored(1, "ORDERED", "10"));
        assertThat(read.state()).isEqualTo(State.PLACED);
        assertThat(read.data()).isEqualTo("10 from 1 from 2");
        assertThat(third.read(stored(3, "PAID", "10")).data()).isEqualTo("10");
        assertThatThrownBy(() -> third.read(stored(4, "PAID", "10")))
                .isInstanceOf(CodecException.class)
                .hasMessageContaining("was written by version 4 of the state machine, and this is version 3");
        assertThatThrownBy(() -> third.read(stored(3, "GONE", "10")))
                .isInstanceOf(CodecException.class)
                .hasMessageContaining("is in state 'GONE', which version 3 of the state machine does not have")
                .hasMessageContaining("[NEW, PLACED, PAID, CANCELLED]");
    }
}
