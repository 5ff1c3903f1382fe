package dev.waybill;

import java.util.List;

/**
 * The state of connections, producers, subscriptions and what else is watched, from what is known: asking costs nothing.
 *
 * @param components each of them
 */
public record Health(List<Component> components) {

    /** The worst status of any component; {@code UP} if there is none. */
    public Status status() {
        Status worst = Status.UP;
        for (Component component : components) {
            worst = component.status().compareTo(worst) > 0 ? component.status() : worst;
        }
        return worst;
    }

    /** From best to worst. */
    public enum Status {
        UP,
        /** Works with limits: recovering, blocked by the broker, waiting for a circuit breaker, or unable to send on what failed. */
        DEGRADED,
        /** Does not work, and will not without help; or closed. */
        DOWN
    }

    /**
     * One part.
     *
     * @param kind {@code connection}, {@code producer}, {@code subscription}, or {@code convoys} for their work in the background
     * @param name the address without credentials, the queue, or the state machine
     * @param status how it is
     * @param detail why, in words
     * @param messages how many it has in hand: a producer sent and not answered, a subscription received and not settled
     */
    public record Component(String kind, String name, Status status, String detail, int messages) {

        /** One that has no messages in hand. */
        public Component(String kind, String name, Status status, String detail) {
            this(kind, name, status, detail, 0);
        }
    }
}
