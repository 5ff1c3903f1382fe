package dev.waybill.internal;

import dev.waybill.spi.Inbound;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Keeps the locks of what is held and not decided. It looks often, which costs little, and extends a lock when a third of it has
 * passed, so that two extensions in a row may fail before a lock ends.
 */
final class Heartbeat {
    private static final long LONGEST_TICK_MILLIS = 250;

    private final Engine engine;
    private final Consumer<Consumer<HeldMessage<?>>> eachHeld;
    private final long due;
    private final Future<?> beating;

    /**
     * @param eachHeld hands every held message to what it is given
     * @param lockNanos the queue's lock duration
     */
    Heartbeat(Engine engine, Consumer<Consumer<HeldMessage<?>>> eachHeld, long lockNanos) {
        this.engine = engine;
        this.eachHeld = eachHeld;
        due = lockNanos - lockNanos / 3;
        long tick = Math.max(1, Math.min(LONGEST_TICK_MILLIS, TimeUnit.NANOSECONDS.toMillis(lockNanos) / 12));
        beating = engine.timer().every(tick, this::beat);
    }

    private void beat() {
        long now = engine.time().nanos();
        Map<Lane, List<HeldMessage.Extension>> extensions = new HashMap<>();
        eachHeld.accept(message -> {
            long until = message.inbound().lockedUntilNanos();
            if (until != Inbound.NO_LOCK_END && until - now < due && message.startExtending()) {
                extensions
                        .computeIfAbsent(message.lane(), lane -> new ArrayList<>())
                        .add(new HeldMessage.Extension(message));
            }
        });
        // An extension may block, which the timer must not.
        extensions.forEach((lane, list) -> engine.blocking().execute(() -> lane.extend(list)));
    }

    void stop() {
        beating.cancel(false);
    }
}
