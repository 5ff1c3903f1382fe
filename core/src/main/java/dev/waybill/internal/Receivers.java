package dev.waybill.internal;

import dev.waybill.spi.BrokerException;
import dev.waybill.spi.Destination;
import dev.waybill.spi.Held.Disposition;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.Receiver;
import dev.waybill.spi.ReceiverOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The receivers of a subscription, each in a slot of its own: fetches through them, opens a broken one again, with backoff, and
 * pauses, resumes and stops them all. Any thread may call it, without the intake's lock where it says that it blocks.
 */
final class Receivers<T> {
    private static final Logger LOG = LoggerFactory.getLogger(Receivers.class);
    private static final Duration WAIT = Duration.ofSeconds(20);
    private static final int MOST_SETTLED_AT_ONCE = 256;
    private static final long TICK_MILLIS = 100;

    private final Engine engine;
    private final Lanes lanes;
    private final Runnable onLost;
    private final Unsettled unsettled = new Unsettled();
    private final Future<?> ticking;

    /** Held while receivers are paused, resumed and opened again, which may take a while. */
    private final ReentrantLock control = new ReentrantLock();

    private final List<Slot> slots = new CopyOnWriteArrayList<>();
    private volatile int limit;
    private volatile Mode mode = Mode.FETCHING;
    /** Whether every receiver has been told to fetch. */
    private volatile boolean fetching = true;
    /** Under the control. */
    private boolean closed;

    /** What the receivers are to do. */
    enum Mode {
        FETCHING,
        PAUSED,
        STOPPED
    }

    /** A place for one receiver. Whoever has made it busy fetches through it, and nobody else meanwhile. */
    static final class Slot {
        final Destination destination;
        private final Backoff backoff = new Backoff();
        /** Emptied by who fetches, and when this process has stood still. */
        private final AtomicReference<@Nullable Lane> lane = new AtomicReference<>();

        private volatile long retryAtNanos = System.nanoTime();
        private volatile @Nullable String trouble;

        /** Guarded by the intake's lock. */
        boolean busy;

        Slot(Destination destination) {
            this.destination = destination;
        }

        int lane() {
            return destination.queue().lane();
        }

        /** Whether the last fetch left a receiver that works. */
        boolean open() {
            return lane.get() != null;
        }

        private boolean ready() {
            Lane open = lane.get();
            return open != null && open.receiver().ready();
        }
    }

    /**
     * Opens the first receiver of each lane, so that what is wrong from the start is said at the start.
     *
     * @param limit how many messages may be held of each lane
     * @param onLost called when messages that were fetched are lost
     */
    Receivers(Engine engine, Lanes lanes, int limit, Runnable onLost) {
        this.onLost = onLost;
        this.engine = engine;
        this.lanes = lanes;
        this.limit = limit;
        ticking = engine.timer().every(TICK_MILLIS, this::goOn);
        try {
            for (Destination destination : lanes.all()) {
                Slot first = new Slot(destination);
                first.lane.set(open(destination));
                slots.add(first);
            }
        } catch (RuntimeException failed) {
            ticking.cancel(false);
            each(lane -> lane.receiver().close());
            throw failed;
        }
        addSlots();
    }

    private Lane open(Destination destination) {
        Receiver receiver =
                engine.broker().receiver(destination, new ReceiverOptions(limit, onLost, lanes.policy() != null));
        int batch = Math.max(1, Math.min(MOST_SETTLED_AT_ONCE, limit / 4));
        return new Lane(engine, destination, receiver, batch, unsettled, lanes);
    }

    private void addSlots() {
        int maxReceive = engine.limits().maxReceive();
        int wanted = Math.min(engine.limits().maxReceivers(), 1 + (limit - 1) / maxReceive);
        for (int each = slots.size() / lanes.count(); each < wanted; each++) {
            lanes.all().forEach(destination -> slots.add(new Slot(destination)));
        }
    }

    /** Whether there is one only, which a worker may as well fetch from itself. */
    boolean single() {
        return slots.size() == 1;
    }

    /**
     * One of this lane that is not busy and not in backoff, or null; rather one that has messages at hand, which would wait there
     * for as long as the others bring enough. Under the intake's lock.
     */
    @Nullable
    Slot free(int lane) {
        long now = System.nanoTime();
        Slot first = null;
        // Every so many slots is one of the same lane.
        for (int i = lane; i < slots.size(); i += lanes.count()) {
            Slot slot = slots.get(i);
            if (!slot.busy && now - slot.retryAtNanos >= 0) {
                if (slots.size() == lanes.count() || slot.ready()) {
                    return slot;
                }
                if (first == null) {
                    first = slot;
                }
            }
        }
        return first;
    }

    /** Whether one is not being fetched from, in backoff or not. Under the intake's lock. */
    boolean idle() {
        for (Slot slot : slots) {
            if (!slot.busy) {
                return true;
            }
        }
        return false;
    }

    /** How long the backoff of the next one lasts; {@code Long.MAX_VALUE} if none is in backoff. Under the intake's lock. */
    long nanosToRetry() {
        long now = System.nanoTime();
        long wait = Long.MAX_VALUE;
        for (Slot slot : slots) {
            if (!slot.busy && slot.retryAtNanos - now > 0) {
                wait = Math.min(wait, slot.retryAtNanos - now);
            }
        }
        return wait;
    }

    /** Waits for messages in a slot that the caller has made busy; blocks. Throws nothing of the broker's. */
    List<HeldMessage<T>> fetch(Slot slot, int max) throws InterruptedException {
        try {
            Lane lane = slot.lane.get();
            if (lane != null && mode != Mode.STOPPED && lane.stoodStill(lane.nanos())) {
                giveUp(slot, lane);
                lane = null;
            }
            if (!slot.ready()) {
                // Before a wait; what is there already is settled with what comes of it.
                flush();
            }
            if (lane == null) {
                lane = reopen(slot);
            }
            List<Inbound> received = lane.receiver().receive(max, WAIT);
            return received.isEmpty() ? List.of() : held(received, lane);
        } catch (BrokerException trouble) {
            broken(slot, trouble);
            return List.of();
        } catch (RuntimeException bug) {
            LOG.error("receiver from {} failed in a way that its contract does not allow", slot.destination, bug);
            broken(slot, new BrokerException(BrokerException.Kind.REFUSED, String.valueOf(bug), bug));
            return List.of();
        }
    }

    private List<HeldMessage<T>> held(List<Inbound> received, Lane lane) {
        unsettled.received(received.size());
        engine.observer().received(lane.queue(), received.size());
        List<HeldMessage<T>> held = new ArrayList<>(received.size());
        for (int i = 0; i < received.size(); i++) {
            held.add(new HeldMessage<>(received.get(i), lane));
        }
        return held;
    }

    private Lane reopen(Slot slot) {
        Lane opened = open(slot.destination);
        boolean again = slot.trouble != null;
        control.lock();
        try {
            slot.lane.set(opened);
            slot.trouble = null;
            slot.backoff.reset();
            if (mode != Mode.FETCHING) {
                tell(opened).forEach(message -> message.decide(Disposition.RELEASE));
            }
            if (closed) {
                opened.receiver().close();
            }
        } finally {
            control.unlock();
        }
        if (again) {
            LOG.info("receiver from {} is open again", slot.destination);
        }
        return opened;
    }

    private void broken(Slot slot, BrokerException trouble) {
        long wait = slot.backoff.nextMillis();
        slot.trouble = trouble.kind() + ": " + trouble.getMessage();
        slot.retryAtNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(wait);
        if (mode == Mode.STOPPED) {
            // The close gets it.
            return;
        }
        Lane lane = slot.lane.getAndSet(null);
        LOG.warn("receiver from {}: {}; opening it again in {} ms", slot.destination, slot.trouble, wait);
        engine.observer().recovering(slot.destination.queue().name());
        if (lane != null) {
            lane.unwatch();
            lane.receiver().close();
        }
    }

    /** Notes that this process goes on, unless it has stood still for too long. */
    private void goOn() {
        for (Slot slot : slots) {
            Lane lane = slot.lane.get();
            if (lane != null && !lane.goesOn() && mode != Mode.STOPPED) {
                giveUp(slot, lane);
            }
        }
    }

    /** This process stood still: whoever fetches next opens another in the place of this one. Does not block. */
    private void giveUp(Slot slot, Lane lane) {
        if (slot.lane.compareAndSet(lane, null)) {
            slot.trouble = "this process stood still, and others may have what it held";
            LOG.warn("receiver from {}: {}; opening it again", slot.destination, slot.trouble);
            engine.observer().recovering(slot.destination.queue().name());
            engine.blocking().execute(() -> {
                try {
                    onLost.run();
                } finally {
                    lane.receiver().close();
                }
            });
        }
    }

    /**
     * Whether it makes sense to fetch: a receiver that is paused answers at once with nothing, so that whoever asks it again and
     * again keeps the thread from which it would be told to go on.
     */
    boolean fetching() {
        return fetching;
    }

    /** Settles what is decided, on every receiver; may block briefly. */
    void flush() {
        each(Lane::flush);
    }

    /**
     * Changes what all receivers do; blocks, and one change waits for the other.
     *
     * @param change says what they are to do, and what is to be done after it
     */
    void change(Change<T> change) {
        control.lock();
        try {
            Mode wanted = change.mode();
            List<HeldMessage<T>> left = new ArrayList<>();
            try {
                if (mode != wanted) {
                    mode = wanted;
                    fetching = false;
                    each(lane -> left.addAll(tell(lane)));
                }
            } finally {
                fetching = mode == Mode.FETCHING;
                change.done(left);
            }
        } finally {
            control.unlock();
        }
    }

    /** One change, carried out under the control of the receivers. */
    interface Change<T> {
        Mode mode();

        /**
         * What is to be done after it.
         *
         * @param left what receivers that are stopped now had fetched
         */
        void done(List<HeldMessage<T>> left);
    }

    /** What it had fetched, if it is stopped, and that is not to go back by itself. */
    private List<HeldMessage<T>> tell(Lane lane) {
        switch (mode) {
            case FETCHING -> lane.receiver().resume();
            case PAUSED -> lane.receiver().pause();
            case STOPPED -> {
                List<Inbound> left = lane.receiver().stop();
                return left.isEmpty() ? List.of() : held(left, lane);
            }
        }
        return List.of();
    }

    /** Changes how many messages may be held. */
    void limit(int limit) {
        control.lock();
        try {
            this.limit = limit;
            addSlots();
            each(lane -> lane.receiver().prefetch(limit));
        } finally {
            control.unlock();
        }
    }

    private void each(Consumer<Lane> action) {
        for (Slot slot : slots) {
            Lane lane = slot.lane.get();
            if (lane != null) {
                action.accept(lane);
            }
        }
    }

    Unsettled unsettled() {
        return unsettled;
    }

    /**
     * What is wrong with one, or null. As long as another of its lane works, one that failed is opened again only when there is room
     * that the others do not take, so that nothing is wrong once its backoff is over.
     */
    @Nullable
    String trouble() {
        long now = System.nanoTime();
        for (Slot slot : slots) {
            String trouble = slot.trouble;
            if (trouble != null && (slot.retryAtNanos - now > 0 || !works(slot.lane()))) {
                return trouble;
            }
        }
        return null;
    }

    private boolean works(int lane) {
        for (int i = lane; i < slots.size(); i += lanes.count()) {
            if (slots.get(i).open()) {
                return true;
            }
        }
        return false;
    }

    void close() {
        ticking.cancel(false);
        control.lock();
        try {
            closed = true;
        } finally {
            control.unlock();
        }
        each(lane -> lane.receiver().close());
    }
}
