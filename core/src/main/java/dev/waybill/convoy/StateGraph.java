package dev.waybill.convoy;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The states of a machine and what leads from one to another, with all that is wrong with it. Complete after {@link #faults}. */
final class StateGraph<S extends Enum<S>, E, D> {
    private final Class<S> states;
    private final Map<S, List<Transition<S, E, D, ? extends E>>> transitions;
    private final Map<S, Timeout<S, D>> timeouts;
    private final Set<S> terminal;
    /** The states that can still come. */
    private final Map<S, Set<S>> ahead;
    /** Of what was added. */
    private final List<String> clashes = new ArrayList<>();

    StateGraph(Class<S> states) {
        this.states = states;
        transitions = new EnumMap<>(states);
        timeouts = new EnumMap<>(states);
        terminal = EnumSet.noneOf(states);
        ahead = new EnumMap<>(states);
    }

    /** As it is now, whatever is added to this one later. */
    StateGraph<S, E, D> copy() {
        StateGraph<S, E, D> copy = new StateGraph<>(states);
        transitions.forEach((state, list) -> copy.transitions.put(state, List.copyOf(list)));
        copy.timeouts.putAll(timeouts);
        copy.terminal.addAll(terminal);
        copy.ahead.putAll(ahead);
        return copy;
    }

    void add(Transition<S, E, D, ? extends E> added) {
        List<Transition<S, E, D, ? extends E>> ofState =
                transitions.computeIfAbsent(added.from(), state -> new ArrayList<>());
        for (Transition<S, E, D, ? extends E> before : ofState) {
            boolean covers =
                    before.type().isAssignableFrom(added.type()) || added.type().isAssignableFrom(before.type());
            if (covers && (before.guard() == null || before.type() != added.type())) {
                clashes.add("two transitions for one message: " + before.text() + ", and " + added.text());
            }
        }
        ofState.add(added);
    }

    void add(S from, Timeout<S, D> timeout) {
        if (timeouts.putIfAbsent(from, timeout) != null) {
            clashes.add("two time-outs for state " + from);
        }
    }

    void terminal(S state) {
        terminal.add(state);
    }

    List<Transition<S, E, D, ? extends E>> transitions(S state) {
        return transitions.getOrDefault(state, List.of());
    }

    @Nullable
    Timeout<S, D> timeout(S state) {
        return timeouts.get(state);
    }

    boolean isTerminal(S state) {
        return terminal.contains(state);
    }

    Set<S> ahead(S state) {
        return ahead.getOrDefault(state, Set.of());
    }

    /** @param events what all messages have in common; of a sealed type all must be mentioned */
    List<String> faults(S first, Class<E> events) {
        List<String> found = new ArrayList<>(clashes);
        for (S state : states.getEnumConstants()) {
            ahead.put(state, reachedFrom(state));
        }
        for (S state : states.getEnumConstants()) {
            checkState(state, first, found);
        }
        checkTypes(events, found);
        return found;
    }

    private void checkState(S state, S first, List<String> found) {
        if (state != first && !ahead(first).contains(state)) {
            found.add("state " + state + " cannot be reached from " + first);
        }
        boolean leads = next(state).stream().anyMatch(to -> to != state);
        if (terminal.contains(state) && (transitions.containsKey(state) || timeouts.containsKey(state))) {
            found.add("state " + state + " is terminal, but something is declared for it");
        } else if (!terminal.contains(state) && !leads) {
            found.add("state " + state + " leads nowhere, and is not terminal");
        }
    }

    private void checkTypes(Class<E> events, List<String> found) {
        List<Class<?>> wanted = new ArrayList<>();
        collect(events, wanted);
        for (Class<?> type : wanted) {
            boolean mentioned = transitions.values().stream()
                    .flatMap(List::stream)
                    .anyMatch(transition -> transition.type().isAssignableFrom(type));
            if (!mentioned) {
                found.add("no state says what becomes of " + type.getSimpleName());
            }
        }
    }

    /** What a sealed type permits, to the last. */
    private static void collect(Class<?> type, List<Class<?>> leaves) {
        if (type.isSealed()) {
            for (Class<?> permitted : type.getPermittedSubclasses()) {
                if (permitted.isSealed()) {
                    collect(permitted, leaves);
                } else {
                    leaves.add(permitted);
                }
            }
        }
    }

    private Set<S> next(S state) {
        Set<S> next = EnumSet.noneOf(states);
        for (Transition<S, E, D, ? extends E> transition : transitions(state)) {
            if (transition.to() != null) {
                next.add(transition.to());
            }
        }
        Timeout<S, D> timeout = timeouts.get(state);
        if (timeout != null && timeout.to() != null) {
            next.add(timeout.to());
        }
        return next;
    }

    private Set<S> reachedFrom(S state) {
        Set<S> reached = EnumSet.noneOf(states);
        List<S> open = new ArrayList<>(next(state));
        while (!open.isEmpty()) {
            S one = open.remove(open.size() - 1);
            if (reached.add(one)) {
                open.addAll(next(one));
            }
        }
        return reached;
    }

    /** As a state diagram. */
    String toMermaid(S first) {
        StringBuilder diagram = new StringBuilder("stateDiagram-v2\n");
        line(diagram, "[*]", first.name(), "");
        for (S from : states.getEnumConstants()) {
            for (Transition<S, E, D, ? extends E> transition : transitions(from)) {
                S to = transition.to();
                if (to != null) {
                    line(diagram, from.name(), to.name(), transition.label());
                }
            }
            Timeout<S, D> timeout = timeout(from);
            if (timeout != null) {
                S to = timeout.to() == null ? from : timeout.to();
                line(diagram, from.name(), to.name(), timeout.label());
            }
        }
        for (S state : states.getEnumConstants()) {
            if (isTerminal(state)) {
                line(diagram, state.name(), "[*]", "");
            }
        }
        return diagram.toString();
    }

    private static void line(StringBuilder diagram, String from, String to, String label) {
        diagram.append("    ").append(from).append(" --> ").append(to);
        if (!label.isEmpty()) {
            diagram.append(" : ").append(label);
        }
        diagram.append('\n');
    }
}
