package dev.waybill.convoy;

import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** All that hear of what happens to the convoys of a machine. What one throws is logged, and harms nobody. Thread-safe. */
record ConvoyListeners(String machine, List<ConvoyListener> all) {
    private static final Logger LOG = LoggerFactory.getLogger(ConvoyListeners.class);

    void tell(Consumer<ConvoyListener> what) {
        for (ConvoyListener one : all) {
            try {
                what.accept(one);
            } catch (RuntimeException | Error e) {
                LOG.warn("a listener of the convoys of {} has failed", machine, e);
            }
        }
    }

    void storeFailed() {
        tell(on -> on.storeFailed(machine));
    }
}
