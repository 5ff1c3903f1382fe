package dev.waybill.inmemory;

import dev.waybill.spi.BrokerException;
import dev.waybill.spi.Held;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.Receiver;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.Condition;

/** Takes messages from one queue. Its state is guarded by the queue's lock. */
final class InMemoryReceiver implements Receiver {
    private final InMemoryBroker broker;
    private final String name;
    private final MessageQueue queue;
    private final int maxReceive;
    private final Condition changed;
    private int prefetch;
    private int held;
    private boolean paused;
    private boolean receiving;
    private volatile State state = State.OPEN;

    InMemoryReceiver(InMemoryBroker broker, String name, MessageQueue queue, int prefetch) {
        this.broker = broker;
        this.name = name;
        this.queue = queue;
        this.prefetch = prefetch;
        maxReceive = broker.limits().maxReceive();
        changed = queue.lock.newCondition();
        queue.lock.lock();
        try {
            queue.join(this);
        } finally {
            queue.lock.unlock();
        }
    }

    @Override
    public List<Inbound> receive(int max, Duration wait) throws InterruptedException {
        if (max < 1) {
            throw broker.violation(new IllegalArgumentException(this + " was asked for " + max + " messages"));
        }
        queue.lock.lockInterruptibly();
        try {
            if (receiving) {
                throw broker.violation(new IllegalStateException(this + " receives on two threads at once"));
            }
            receiving = true;
            try {
                return await(Math.min(max, maxReceive), wait.toNanos());
            } finally {
                receiving = false;
                queue.wakeNext();
            }
        } finally {
            queue.lock.unlock();
        }
    }

    private List<Inbound> await(int max, long wait) throws InterruptedException {
        long now = queue.expire();
        List<Inbound> taken = take(max, now);
        if (!taken.isEmpty() || wait <= 0) {
            return taken;
        }
        long end = now + wait;
        // A clock that a test moves may stand still: no wait is longer than what was asked for by the real one either.
        long realEnd = System.nanoTime() + wait;
        while (taken.isEmpty() && state == State.OPEN && !paused) {
            long left = Math.min(end - now, realEnd - System.nanoTime());
            if (left <= 0) {
                break;
            }
            sleep(Math.min(left, queue.nanosToNextExpiry(now)));
            now = queue.expire();
            taken = take(max, now);
        }
        return taken;
    }

    private List<Inbound> take(int max, long now) {
        if (state == State.DISCONNECTED) {
            throw new BrokerException(BrokerException.Kind.UNAVAILABLE, this + " has lost its connection", null);
        }
        int room = Math.min(max, prefetch - held);
        if (state == State.CLOSED || paused || room <= 0 || queue.isEmpty()) {
            return List.of();
        }
        List<Inbound> taken = queue.take(this, room, now);
        held += taken.size();
        return taken;
    }

    private void sleep(long nanos) throws InterruptedException {
        boolean hasRoom = held < prefetch;
        if (hasRoom) {
            queue.startWaiting(this);
        } else {
            queue.wakeNext();
        }
        try {
            changed.awaitNanos(nanos);
        } finally {
            if (hasRoom) {
                queue.stopWaiting(this);
            }
        }
    }

    /** Something has changed that concerns a waiting receive. With the queue's lock held. */
    void wake() {
        changed.signal();
    }

    /** Holds so many less. With the queue's lock held. */
    void freed(int count) {
        boolean wasFull = held >= prefetch;
        held -= count;
        if (wasFull && held < prefetch) {
            changed.signal();
        }
    }

    @Override
    public void settle(List<? extends Held> batch) {
        List<? extends Held> taken = broker.faults().refuseSettlements(batch);
        queue.lock.lock();
        try {
            queue.expire();
            for (int i = 0; i < taken.size(); i++) {
                settle(taken.get(i));
            }
            queue.wakeNext();
        } finally {
            queue.lock.unlock();
        }
        if (broker.emulation().reportsLater()) {
            List<Held> copy = List.copyOf(taken);
            broker.later(() -> report(copy));
        } else {
            report(taken);
        }
    }

    private void settle(Held message) {
        Receipt receipt = receipt(message);
        switch (receipt.state()) {
            case HELD -> {
                switch (message.disposition()) {
                    case ACCEPT -> queue.delete(receipt);
                    case RETRY -> queue.giveBack(receipt, true, message.delayMillis());
                    case RELEASE -> queue.giveBack(receipt, false, 0);
                }
                freed(1);
            }
            case LOST -> receipt.state(Receipt.State.REPORTED_LOST);
            case SETTLED, REPORTED_LOST ->
                throw broker.violation(new IllegalStateException(receipt + " is settled twice at " + this));
        }
    }

    private void report(List<? extends Held> batch) {
        for (int i = 0; i < batch.size(); i++) {
            Held message = batch.get(i);
            if (message.inbound().lost()) {
                message.lost(whyLost());
            } else {
                message.settled();
            }
        }
    }

    @Override
    public boolean canDelay(Inbound message, long delayMillis) {
        return delayMillis == 0 || broker.emulation().delaysRetries();
    }

    @Override
    public void extend(List<? extends Held> batch) {
        if (!broker.emulation().timedLocks()) {
            throw broker.violation(new IllegalStateException(this + " has no timed locks to extend"));
        }
        List<? extends Held> taken = broker.faults().refuseSettlements(batch);
        boolean[] extended = new boolean[taken.size()];
        queue.lock.lock();
        try {
            long now = queue.expire();
            for (int i = 0; i < extended.length; i++) {
                Receipt receipt = receipt(taken.get(i));
                extended[i] = receipt.state() == Receipt.State.HELD;
                if (extended[i]) {
                    queue.extend(receipt, now);
                }
            }
            queue.wakeNext();
        } finally {
            queue.lock.unlock();
        }
        List<Held> copy = List.copyOf(taken);
        broker.later(() -> reportExtended(copy, extended));
    }

    private void reportExtended(List<Held> batch, boolean[] extended) {
        for (int i = 0; i < extended.length; i++) {
            if (extended[i]) {
                batch.get(i).extended();
            } else {
                batch.get(i).lost(whyLost());
            }
        }
    }

    private Receipt receipt(Held message) {
        if (message.inbound() instanceof Receipt receipt && receipt.receiver() == this) {
            return receipt;
        }
        throw broker.violation(new IllegalStateException(message.inbound() + " was not received by " + this));
    }

    private String whyLost() {
        return switch (state) {
            case OPEN -> "its lock has ended";
            case CLOSED -> "its receiver was closed";
            case DISCONNECTED -> "its connection was lost";
        };
    }

    @Override
    public void prefetch(int limit) {
        if (limit < 1) {
            throw broker.violation(new IllegalArgumentException(this + " was given a prefetch of " + limit));
        }
        change(() -> prefetch = limit);
    }

    @Override
    public void pause() {
        change(() -> paused = true);
    }

    /** There is nothing between the queue and whom it is handed to. */
    @Override
    public List<Inbound> stop() {
        pause();
        return List.of();
    }

    @Override
    public void resume() {
        change(() -> paused = false);
    }

    @Override
    public void close() {
        end(State.CLOSED);
        broker.closed(this);
    }

    /** The connection is lost. */
    void disconnect() {
        end(State.DISCONNECTED);
    }

    private void end(State ended) {
        change(() -> {
            if (state == State.OPEN) {
                state = ended;
                queue.expire();
                queue.leave(this);
                held = 0;
            }
        });
    }

    private void change(Runnable change) {
        queue.lock.lock();
        try {
            change.run();
            wake();
        } finally {
            queue.lock.unlock();
        }
    }

    int held() {
        queue.lock.lock();
        try {
            return held;
        } finally {
            queue.lock.unlock();
        }
    }

    @Override
    public String toString() {
        return "receiver of " + name;
    }

    private enum State {
        OPEN,
        CLOSED,
        DISCONNECTED
    }
}
