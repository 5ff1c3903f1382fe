package dev.waybill.convoy;

import dev.waybill.Codec;
import dev.waybill.CodecException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A convoy as the application declares it: its states, what each awaits and where that leads, what happens when it does not come, and
 * what the convoy remembers. Checked when it is built. Immutable and thread-safe.
 *
 * <pre>{@code
 * StateMachine<State, OrderEvent, Order> orders = StateMachine.named("orders", State.class, OrderEvent.class, Codec.json(Order.class))
 *         .start(State.NEW, key -> new Order())
 *         .on(State.NEW, Placed.class).to(State.PLACED, (step, placed) -> step.data(new Order(placed.total())))
 *         .on(State.PLACED, Paid.class).when("in full", (order, paid) -> paid.amount() >= order.total()).to(State.PAID)
 *         .on(State.PLACED, Paid.class).to(State.PLACED)
 *         .after(State.PLACED, Duration.ofMinutes(30)).to(State.CANCELLED, step -> step.send(mails, notPaid(step.key())))
 *         .on(State.PAID, Shipped.class).to(State.SHIPPED)
 *         .terminal(State.SHIPPED, State.CANCELLED)
 *         .build();
 * }</pre>
 *
 * @param <S> the states
 * @param <E> what all messages have in common; if that is a sealed type, each that it permits must be mentioned
 * @param <D> what a convoy remembers
 */
public final class StateMachine<S extends Enum<S>, E, D> {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,63}");

    private final String name;
    private final Class<S> states;
    private final Codec<D> codec;
    private final S start;
    private final Function<String, D> initial;
    private final StateGraph<S, E, D> graph;
    private final Untimely early;
    private final Untimely late;
    private final Untimely unexpected;
    private final Untimely duplicate;
    private final boolean skipsFailed;
    private final int maxHeld;
    private final int keepHistory;
    private final int version;
    private final @Nullable Migration migration;

    private StateMachine(Builder<S, E, D> builder, S start, Function<String, D> initial) {
        name = builder.name;
        states = builder.states;
        codec = builder.codec;
        this.start = start;
        this.initial = initial;
        graph = builder.graph.copy();
        early = builder.early;
        late = builder.late;
        unexpected = builder.unexpected;
        duplicate = builder.duplicate;
        skipsFailed = builder.skipsFailed;
        maxHeld = builder.maxHeld;
        keepHistory = builder.keepHistory;
        version = builder.version;
        migration = builder.migration;
    }

    /**
     * Starts a declaration.
     *
     * @param name 1 to 64 letters, digits, hyphens and underscores, starting with a letter or digit: by which stores know its convoys
     * @param data turns what a convoy remembers into bytes and back
     */
    public static <S extends Enum<S>, E, D> Builder<S, E, D> named(
            String name, Class<S> states, Class<E> events, Codec<D> data) {
        return new Builder<>(name, states, events, data);
    }

    public String name() {
        return name;
    }

    /** See {@link Builder#version}. */
    public int version() {
        return version;
    }

    /** All states, in their order. */
    public List<S> states() {
        return List.of(states.getEnumConstants());
    }

    S start() {
        return start;
    }

    D initial(String key) {
        return Objects.requireNonNull(initial.apply(key), "what a convoy remembers at the start");
    }

    boolean isTerminal(S state) {
        return graph.isTerminal(state);
    }

    @Nullable
    Timeout<S, D> timeout(S state) {
        return graph.timeout(state);
    }

    Untimely duplicate() {
        return duplicate;
    }

    Untimely late() {
        return late;
    }

    boolean skipsFailed() {
        return skipsFailed;
    }

    int maxHeld() {
        return maxHeld;
    }

    /**
     * How many entries of its history a convoy keeps now that it has had so many steps; 0 if all. Not at each step, since a store has to
     * look for what is to go.
     */
    int keptAfter(long steps) {
        return steps > keepHistory && steps % Math.max(1, keepHistory / 10) == 0 ? keepHistory : 0;
    }

    byte[] encode(D data) {
        try {
            return codec.encode(data);
        } catch (Exception e) {
            throw new CodecException("what a convoy of " + name + " remembers cannot be encoded: " + e.getMessage(), e);
        }
    }

    /** What is to happen with a message: a transition that leads somewhere, or that says what becomes of it. */
    Transition<S, E, D, ? extends E> decide(S state, D data, E message) throws Exception {
        boolean awaited = false;
        for (Transition<S, E, D, ? extends E> transition : graph.transitions(state)) {
            if (transition.type().isInstance(message)) {
                if (transition.passes(data, message)) {
                    return transition;
                }
                awaited = true;
            }
        }
        return leadingNowhere(state, message, awaited ? unexpected : untimely(state, message));
    }

    private Transition<S, E, D, ? extends E> leadingNowhere(S state, E message, Untimely untimely) {
        @SuppressWarnings("unchecked")
        Class<? extends E> type = (Class<? extends E>) message.getClass();
        return new Transition<>(state, type, null, null, null, null, untimely);
    }

    private Untimely untimely(S state, E message) {
        boolean elsewhere = false;
        for (S other : states.getEnumConstants()) {
            boolean leads = graph.transitions(other).stream()
                    .anyMatch(transition ->
                            transition.to() != null && transition.type().isInstance(message));
            if (leads && graph.ahead(state).contains(other)) {
                return early;
            }
            elsewhere |= leads;
        }
        return elsewhere ? late : unexpected;
    }

    /** Where a convoy is and what it remembers. */
    record Position<S, D>(S state, D data) {}

    /** Reads what is stored, be it by an earlier version. */
    Position<S, D> read(StoredConvoy stored) {
        Migration.Stored now = new Migration.Stored(stored.machineVersion(), stored.state(), stored.data());
        if (now.version() > version) {
            throw new CodecException(
                    stored + " was written by version " + now.version() + " of the state machine, and this is version "
                            + version,
                    null);
        }
        while (now.version() < version) {
            now = migrated(stored, now);
        }
        S state = state(now.state(), stored);
        try {
            return new Position<>(state, codec.decode(now.data()));
        } catch (Exception e) {
            throw new CodecException("what " + stored + " remembers cannot be decoded: " + e.getMessage(), e);
        }
    }

    /** Whether a later version of the machine has stored it: only that can read it. */
    boolean isBehind(StoredConvoy stored) {
        return stored.machineVersion() > version;
    }

    private Migration.Stored migrated(StoredConvoy stored, Migration.Stored old) {
        if (migration == null) {
            throw new IllegalStateException("a state machine of version " + version + " has no migration");
        }
        Migration.Stored next;
        try {
            next = migration.migrate(old);
        } catch (Exception e) {
            throw new CodecException(
                    stored + " cannot be migrated from version " + old.version() + ": " + e.getMessage(), e);
        }
        if (next.version() != old.version() + 1) {
            throw new CodecException(
                    "the migration of " + name + " made version " + next.version() + " of version " + old.version()
                            + " but must make the next",
                    null);
        }
        return next;
    }

    private S state(String stateName, StoredConvoy stored) {
        for (S state : states.getEnumConstants()) {
            if (state.name().equals(stateName)) {
                return state;
            }
        }
        throw new CodecException(
                stored + " is in state '" + stateName + "', which version " + version
                        + " of the state machine does not have: it has " + Arrays.toString(states.getEnumConstants()),
                null);
    }

    /** The machine as a Mermaid state diagram. */
    public String toMermaid() {
        return graph.toMermaid(start);
    }

    @Override
    public String toString() {
        return "state machine '" + name + "'";
    }

    /** Builds a {@link StateMachine}. Not thread-safe. */
    public static final class Builder<S extends Enum<S>, E, D> {
        private final String name;
        private final Class<S> states;
        private final Class<E> events;
        private final Codec<D> codec;
        private @Nullable S start;
        private @Nullable Function<String, D> initial;
        private final StateGraph<S, E, D> graph;
        private Untimely early = Untimely.HOLD;
        private Untimely late = Untimely.REJECT;
        private Untimely unexpected = Untimely.REJECT;
        private Untimely duplicate = Untimely.IGNORE;
        private boolean skipsFailed;
        private int maxHeld = 1000;
        private int keepHistory = 10_000;
        private int version = 1;
        private @Nullable Migration migration;

        private Builder(String name, Class<S> states, Class<E> events, Codec<D> codec) {
            if (!NAME.matcher(name).matches()) {
                throw new IllegalArgumentException(
                        "state machine name '" + name
                                + "' is not allowed: 1 to 64 letters, digits, hyphens and underscores, the first a letter or digit");
            }
            this.name = name;
            this.states = Objects.requireNonNull(states, "states");
            this.events = Objects.requireNonNull(events, "events");
            this.codec = Objects.requireNonNull(codec, "data");
            graph = new StateGraph<>(states);
        }

        /** Where a convoy is before its first message, and what it remembers then, by its key. */
        public Builder<S, E, D> start(S state, Function<String, D> data) {
            start = Objects.requireNonNull(state, "state");
            initial = Objects.requireNonNull(data, "data");
            return this;
        }

        /**
         * What a message leads to, in a state. Of several for the same state and type, that one counts whose guard is the first to let
         * the message through; only the last may be without a guard.
         */
        public <T extends E> On<T> on(S state, Class<T> type) {
            return new On<>(Objects.requireNonNull(state, "state"), Objects.requireNonNull(type, "type"));
        }

        /**
         * What happens when a convoy has been in a state for so long; 1 ms to 366 days. A transition to the same state does not begin
         * the time anew. It counts for convoys that come into the state from then on, not for those that an earlier version has left there.
         */
        public After after(S state, Duration time) {
            if (time.compareTo(Duration.ofMillis(1)) < 0 || time.compareTo(Duration.ofDays(366)) > 0) {
                throw new IllegalArgumentException("the time-out of " + state + " is " + time
                        + " but must be PT0.001S to " + Duration.ofDays(366));
            }
            return new After(Objects.requireNonNull(state, "state"), time);
        }

        /** The states after which nothing comes. */
        @SafeVarargs
        public final Builder<S, E, D> terminal(S... last) {
            for (S state : last) {
                graph.terminal(state);
            }
            return this;
        }

        /** What becomes of a message that a state awaits which can still come; by default it is held. */
        public Builder<S, E, D> early(Untimely untimely) {
            early = Objects.requireNonNull(untimely, "early");
            return this;
        }

        /** What becomes of a message that only states await which cannot come any more; by default it is rejected. Not held. */
        public Builder<S, E, D> late(Untimely untimely) {
            late = atOnce("late", untimely);
            return this;
        }

        /** What becomes of a message that no state awaits, or that no guard of its state lets through; by default it is rejected. Not held. */
        public Builder<S, E, D> unexpected(Untimely untimely) {
            unexpected = atOnce("unexpected", untimely);
            return this;
        }

        /**
         * What becomes of a second message with the id of one that was handled or is held; by default it is ignored. Not held. One that
         * may only have been delivered again, as after a crash, is ignored always.
         */
        public Builder<S, E, D> duplicate(Untimely untimely) {
            duplicate = atOnce("duplicate", untimely);
            return this;
        }

        private static Untimely atOnce(String what, Untimely untimely) {
            if (untimely != Untimely.REJECT && untimely != Untimely.IGNORE) {
                throw new IllegalArgumentException("a message that is " + what + " cannot be dealt with by " + untimely
                        + ", since its turn may never come; REJECT or IGNORE");
            }
            return untimely;
        }

        /**
         * Has the convoy go on without a message that has failed as often as it may: that goes to the dead-letter queue. By default the
         * convoy is stuck then, and the message is held, with all that come after it, until somebody decides ({@link ConvoyOperations}).
         */
        public Builder<S, E, D> skipFailed() {
            skipsFailed = true;
            return this;
        }

        /** How many messages of a convoy may be held; by default 1000; 1 to 100,000. One more goes to the dead-letter queue. */
        public Builder<S, E, D> maxHeld(int messages) {
            if (messages < 1 || messages > 100_000) {
                throw new IllegalArgumentException("maxHeld is " + messages + " but must be 1 to 100000");
            }
            maxHeld = messages;
            return this;
        }

        /**
         * How many entries a convoy's history keeps, the newest, and up to a tenth more; by default 10,000; 10 to 1,000,000. A message
         * whose entry is gone is not known any more: if it comes once more it is handled again. More than {@link #maxHeld}, since so many
         * may go through behind one message before that is accepted.
         */
        public Builder<S, E, D> keepHistory(int entries) {
            if (entries < 10 || entries > 1_000_000) {
                throw new IllegalArgumentException("keepHistory is " + entries + " but must be 10 to 1000000");
            }
            keepHistory = entries;
            return this;
        }

        /** The version of the machine, if it is not the first, and what turns that of the version before into it. */
        public Builder<S, E, D> version(int version, Migration migration) {
            if (version < 2) {
                throw new IllegalArgumentException(
                        "version is " + version + " but the first that has one before it is 2");
            }
            this.version = version;
            this.migration = Objects.requireNonNull(migration, "migration");
            return this;
        }

        /**
         * Checks the declaration.
         *
         * @throws IllegalArgumentException with all that is wrong: a state that cannot be reached, one that leads nowhere and is not
         *     terminal, a terminal one that leads somewhere, two transitions for one message, a type of message that is not mentioned, a history that
         *     is too short
         */
        public StateMachine<S, E, D> build() {
            S first = start;
            Function<String, D> remembered = initial;
            if (first == null || remembered == null) {
                throw new IllegalArgumentException("state machine '" + name + "' has no start");
            }
            if (keepHistory <= maxHeld) {
                throw new IllegalArgumentException(
                        "keepHistory is " + keepHistory + " but must be more than maxHeld, " + maxHeld);
            }
            List<String> faults = graph.faults(first, events);
            if (!faults.isEmpty()) {
                throw new IllegalArgumentException("state machine '" + name + "': " + String.join("; ", faults));
            }
            return new StateMachine<>(this, first, remembered);
        }

        private Builder<S, E, D> add(Transition<S, E, D, ? extends E> transition) {
            graph.add(transition);
            return this;
        }

        /** What a message of a type leads to, in a state. */
        public final class On<T extends E> {
            private final S from;
            private final Class<T> type;
            private @Nullable String guardName;
            private @Nullable Guard<? super D, ? super T> guard;

            private On(S from, Class<T> type) {
                this.from = from;
                this.type = type;
            }

            /**
             * Only if the guard lets it through.
             *
             * @param name what the diagram calls it
             */
            public On<T> when(String name, Guard<? super D, ? super T> guard) {
                guardName = Objects.requireNonNull(name, "name");
                this.guard = Objects.requireNonNull(guard, "guard");
                return this;
            }

            /** It leads to this state. */
            public Builder<S, E, D> to(S state) {
                return add(new Transition<>(
                        from, type, guardName, guard, Objects.requireNonNull(state, "state"), null, null));
            }

            /** It leads to this state when the action is done. */
            public Builder<S, E, D> to(S state, Action<D, ? super T> action) {
                return add(new Transition<>(
                        from,
                        type,
                        guardName,
                        guard,
                        Objects.requireNonNull(state, "state"),
                        Objects.requireNonNull(action, "action"),
                        null));
            }

            /** It is not awaited here; this becomes of it, whatever holds elsewhere. */
            public Builder<S, E, D> untimely(Untimely untimely) {
                return add(new Transition<>(
                        from, type, guardName, guard, null, null, Objects.requireNonNull(untimely, "untimely")));
            }
        }

        /** What happens when a convoy has been in a state for so long. */
        public final class After {
            private final S from;
            private final Duration time;

            private After(S from, Duration time) {
                this.from = from;
                this.time = time;
            }

            /** It goes to this state. */
            public Builder<S, E, D> to(S state) {
                return add(new Timeout<>(time, Objects.requireNonNull(state, "state"), null));
            }

            /** It goes to this state when the action is done. */
            public Builder<S, E, D> to(S state, TimeoutAction<D> action) {
                return add(new Timeout<>(
                        time, Objects.requireNonNull(state, "state"), Objects.requireNonNull(action, "action")));
            }

            /**
             * It stays, and the {@link ConvoyListener} hears of it: at most once, since a process may die in between. What must arrive
             * is a message, of an action.
             */
            public Builder<S, E, D> alert() {
                return add(new Timeout<>(time, null, null));
            }

            /** It stays, and the action is done, once; the {@link ConvoyListener} hears of it. */
            public Builder<S, E, D> alert(TimeoutAction<D> action) {
                return add(new Timeout<>(time, null, Objects.requireNonNull(action, "action")));
            }

            private Builder<S, E, D> add(Timeout<S, D> timeout) {
                graph.add(from, timeout);
                return Builder.this;
            }
        }
    }
}
