package dev.waybill.inmemory;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Breaches of the contract by the caller, kept for a test to see even if the caller swallows what is thrown. */
final class Violations {
    private static final Logger LOG = LoggerFactory.getLogger(InMemoryBroker.class);

    private final List<String> all = new CopyOnWriteArrayList<>();

    /** Notes it and returns it, to be thrown. */
    <E extends RuntimeException> E add(E violation) {
        all.add(String.valueOf(violation.getMessage()));
        LOG.error("The in-memory broker was misused: {}", violation.getMessage(), violation.getCause());
        return violation;
    }

    void addLeak(String leak) {
        all.add(leak);
        LOG.warn("The in-memory broker was closed too early: {}", leak);
    }

    List<String> all() {
        return List.copyOf(all);
    }
}
