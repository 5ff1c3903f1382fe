package dev.waybill.kafka;

/** Whether a topic exists: asked once, and again when there is doubt. Thread-safe. */
final class TopicCheck {
    private final AdminCalls calls;
    private final String name;
    private volatile boolean known;

    TopicCheck(AdminCalls calls, String name) {
        this.calls = calls;
        this.name = name;
    }

    String name() {
        return name;
    }

    /** @throws dev.waybill.spi.BrokerException if the broker cannot be asked */
    boolean exists() {
        if (!known) {
            known = calls.topic(name).isPresent();
        }
        return known;
    }

    /** Something looks as if it were gone. */
    void doubt() {
        known = false;
    }
}
