package dev.waybill.internal;

import dev.waybill.spi.Held.Disposition;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * In order by key: of the messages of one key, a convoy, one is handled at a time, and the next when that is done. Whichever convoy
 * has waited longest is next.
 */
final class KeyedReady<T> implements Ready<T> {
    private final Map<Object, Convoy<T>> convoys = new HashMap<>();
    /** Those whose first message may be taken. */
    private final ArrayDeque<Convoy<T>> startable = new ArrayDeque<>();

    private final LongSupplier nanos;
    private int size;

    /** @param nanos the time by which locks end */
    KeyedReady(LongSupplier nanos) {
        this.nanos = nanos;
    }

    /** The messages of one key. It is startable, or its first message is taken, or waits for its next delivery. */
    private static final class Convoy<T> {
        final Object key;
        final ArrayDeque<HeldMessage<T>> waiting = new ArrayDeque<>(4);
        /** What holds up the others: the one that is taken, or the first, which waits for its time. */
        @Nullable
        HeldMessage<T> current;

        Convoy(Object key) {
            this.key = key;
        }
    }

    /** A message without a key, as other software may send, is a convoy of its own. */
    private static Object key(HeldMessage<?> message) {
        String key = message.inbound().envelope().key();
        return key == null ? message.inbound() : key;
    }

    private @Nullable Convoy<T> heldUpBy(HeldMessage<T> message) {
        Convoy<T> convoy = convoys.get(key(message));
        return convoy != null && convoy.current == message ? convoy : null;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public int startable() {
        return startable.size();
    }

    /** Behind those of its key; not behind what has lost its lock, and comes once more after it. */
    @Override
    public void add(HeldMessage<T> message) {
        Object key = key(message);
        Convoy<T> convoy = convoys.get(key);
        if (convoy == null) {
            convoy = new Convoy<>(key);
            convoys.put(key, convoy);
            startable.addLast(convoy);
        } else {
            dropLost(convoy);
        }
        convoy.waiting.addLast(message);
        size++;
    }

    private void dropLost(Convoy<T> convoy) {
        HeldMessage<T> first = convoy.waiting.peekFirst();
        if (first == null) {
            return;
        }
        long now = nanos.getAsLong();
        while (first != null && first.lockGone(now)) {
            convoy.waiting.removeFirst();
            size--;
            // To settle it tells the adapter that we are through with it.
            first.decide(Disposition.RELEASE);
            if (convoy.current == first) {
                convoy.current = null;
                startable.addLast(convoy);
            }
            first = convoy.waiting.peekFirst();
        }
    }

    @Override
    public void putBack(HeldMessage<T> message, boolean tried) {
        Convoy<T> convoy = heldUpBy(message);
        if (convoy == null) {
            throw new IllegalStateException(message + " was not taken");
        }
        convoy.current = null;
        convoy.waiting.addFirst(message);
        size++;
        if (tried) {
            startable.addLast(convoy);
        } else {
            startable.addFirst(convoy);
        }
    }

    @Override
    public @Nullable HeldMessage<T> poll() {
        Convoy<T> convoy = startable.poll();
        if (convoy == null) {
            return null;
        }
        HeldMessage<T> next = convoy.waiting.removeFirst();
        convoy.current = next;
        size--;
        return next;
    }

    /** One that was taken is to come again, as {@code next}, when its time has come; until then it holds up the others. */
    void rest(HeldMessage<T> message, HeldMessage<T> next) {
        Convoy<T> convoy = heldUpBy(message);
        if (convoy == null) {
            throw new IllegalStateException(message + " was not taken");
        }
        convoy.waiting.addFirst(next);
        convoy.current = next;
        size++;
    }

    /** The time of one that {@link #rest}s has come, if it is still here. */
    void due(HeldMessage<T> message) {
        Convoy<T> convoy = heldUpBy(message);
        if (convoy != null && convoy.waiting.peekFirst() == message) {
            convoy.current = null;
            startable.addLast(convoy);
        }
    }

    @Override
    public List<HeldMessage<T>> ended(HeldMessage<T> message) {
        Convoy<T> convoy = heldUpBy(message);
        if (convoy == null) {
            return List.of();
        }
        convoy.current = null;
        List<HeldMessage<T>> back = message.accepted() ? List.of() : whatComesAfter(message, convoy);
        if (convoy.waiting.isEmpty()) {
            convoys.remove(convoy.key);
        } else {
            startable.addLast(convoy);
        }
        return back;
    }

    /**
     * Takes out what must not be handled before the message has come again: all whose lock is lost too, and, unless it has come
     * already, the others. Where locks do not end by time they end together, so that those others have come again themselves.
     */
    private List<HeldMessage<T>> whatComesAfter(HeldMessage<T> message, Convoy<T> convoy) {
        long now = nanos.getAsLong();
        boolean isBack = convoy.waiting.stream().anyMatch(other -> other.id().equals(message.id()));
        List<HeldMessage<T>> back = new ArrayList<>();
        convoy.waiting.removeIf(other -> {
            boolean goes = other.lockGone(now) || other.timed() && !isBack;
            if (goes) {
                back.add(other);
            }
            return goes;
        });
        size -= back.size();
        return back;
    }

    @Override
    public List<HeldMessage<T>> takeLost() {
        long now = nanos.getAsLong();
        List<HeldMessage<T>> lost = new ArrayList<>();
        convoys.values().removeIf(convoy -> {
            boolean rests = convoy.current != null && convoy.current == convoy.waiting.peekFirst();
            convoy.waiting.removeIf(message -> message.lockGone(now) && lost.add(message));
            if (rests && convoy.current != convoy.waiting.peekFirst()) {
                convoy.current = null;
                startable.addLast(convoy);
            }
            boolean empty = convoy.waiting.isEmpty();
            if (empty) {
                startable.remove(convoy);
            }
            return empty && convoy.current == null;
        });
        size -= lost.size();
        return lost;
    }

    @Override
    public void forEach(Consumer<HeldMessage<T>> action) {
        convoys.values().forEach(convoy -> convoy.waiting.forEach(action));
    }

    @Override
    public void drainTo(List<HeldMessage<T>> target) {
        for (Convoy<T> convoy : convoys.values()) {
            target.addAll(convoy.waiting);
            convoy.waiting.clear();
        }
        convoys.clear();
        startable.clear();
        size = 0;
    }
}
