package dev.waybill.internal;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * In order, or in order by level. What was tried in vain is behind all levels until as many others as were here have been taken: so it
 * cannot take all trials, be it of the highest level, nor wait for ever behind what comes later.
 */
final class LevelReady<T> implements Ready<T>, LevelScheduler.Heads {
    private final List<ArrayDeque<HeldMessage<T>>> levels;
    private final ArrayDeque<Tried<T>> tried = new ArrayDeque<>();
    private final @Nullable LevelScheduler scheduler;
    private final LongSupplier nanos;
    private final int[] ofLane;
    private long taken;
    private int size;

    /** @param turn how many are to have been taken before it */
    private record Tried<T>(HeldMessage<T> message, long turn) {}

    /** @param nanos the time by which locks end */
    LevelReady(Lanes lanes, LongSupplier nanos) {
        levels = new ArrayList<>(lanes.levels());
        for (int level = 0; level < lanes.levels(); level++) {
            levels.add(new ArrayDeque<>());
        }
        scheduler = lanes.policy() == null ? null : new LevelScheduler(lanes.policy());
        ofLane = new int[lanes.count()];
        this.nanos = nanos;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public int size(int lane) {
        return ofLane[lane];
    }

    @Override
    public int untried() {
        return size - tried.size();
    }

    @Override
    public void add(HeldMessage<T> message) {
        count(message, 1);
        level(message).addLast(message);
    }

    @Override
    public void putBack(HeldMessage<T> message, boolean inVain) {
        if (inVain) {
            tried.addLast(new Tried<>(message, taken + Math.max(1, untried())));
        } else {
            level(message).addFirst(message);
        }
        count(message, 1);
    }

    private ArrayDeque<HeldMessage<T>> level(HeldMessage<T> message) {
        if (scheduler == null) {
            return levels.get(0);
        }
        // What was delayed and does not go on, because it cannot be read, takes the room of what does until it is
        // through.
        return levels.get(message.lane().passes() ? levels.size() - 1 : message.priority());
    }

    private void count(HeldMessage<T> message, int change) {
        size += change;
        ofLane[message.lane().number()] += change;
    }

    @Override
    public @Nullable HeldMessage<T> poll() {
        while (!tried.isEmpty() && tried.element().turn <= taken) {
            HeldMessage<T> again = tried.remove().message;
            level(again).addLast(again);
        }
        HeldMessage<T> next = untried() > 0 ? levels.get(nextLevel()).poll() : null;
        if (next == null && !tried.isEmpty()) {
            next = tried.remove().message;
        }
        if (next != null) {
            taken++;
            count(next, -1);
        }
        return next;
    }

    private int nextLevel() {
        return scheduler == null ? 0 : scheduler.next(this);
    }

    @Override
    public boolean waits(int level) {
        return !levels.get(level).isEmpty();
    }

    @Override
    public long sinceMillis(int level) {
        return levels.get(level).element().risesSinceMillis();
    }

    @Override
    public List<HeldMessage<T>> takeLost() {
        long now = nanos.getAsLong();
        List<HeldMessage<T>> lost = new ArrayList<>();
        Predicate<HeldMessage<T>> taken = message -> message.lockGone(now) && lost.add(message);
        levels.forEach(level -> level.removeIf(taken));
        tried.removeIf(one -> taken.test(one.message));
        lost.forEach(message -> count(message, -1));
        return lost;
    }

    @Override
    public void forEach(Consumer<HeldMessage<T>> action) {
        levels.forEach(level -> level.forEach(action));
        tried.forEach(one -> action.accept(one.message));
    }

    /** The highest level first, and last what was tried. */
    @Override
    public void drainTo(List<HeldMessage<T>> target) {
        for (int level = levels.size() - 1; level >= 0; level--) {
            target.addAll(levels.get(level));
            levels.get(level).clear();
        }
        tried.forEach(one -> target.add(one.message));
        tried.clear();
        size = 0;
        Arrays.fill(ofLane, 0);
    }
}
