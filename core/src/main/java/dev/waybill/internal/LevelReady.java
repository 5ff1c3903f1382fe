package dev.waybill.internal;

import dev.waybill.PriorityPolicy;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** In order, or in order by level. */
final class LevelReady<T> implements Ready<T>, LevelScheduler.Heads {
    private final List<ArrayDeque<HeldMessage<T>>> levels;
    private final @Nullable LevelScheduler scheduler;
    private final LongSupplier clock;

    /** Since when the first message of a level has been the first. */
    private final long[] firstSince;

    private int size;

    /** @param clock the time of day in milliseconds */
    LevelReady(@Nullable PriorityPolicy policy, LongSupplier clock) {
        int count = policy == null ? 1 : policy.levels();
        levels = new ArrayList<>(count);
        for (int level = 0; level < count; level++) {
            levels.add(new ArrayDeque<>());
        }
        scheduler = policy == null ? null : new LevelScheduler(policy);
        this.clock = clock;
        firstSince = new long[count];
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public int size(int level) {
        return levels.get(level).size();
    }

    @Override
    public void add(HeldMessage<T> message) {
        int level = level(message);
        size++;
        if (levels.get(level).isEmpty()) {
            isFirst(level);
        }
        levels.get(level).addLast(message);
    }

    /** What was tried comes last, so that it cannot take all trials. */
    @Override
    public void putBack(HeldMessage<T> message, boolean tried) {
        if (tried) {
            add(message);
            return;
        }
        int level = level(message);
        size++;
        isFirst(level);
        levels.get(level).addFirst(message);
    }

    private int level(HeldMessage<T> message) {
        return scheduler == null ? 0 : message.priority();
    }

    private void isFirst(int level) {
        if (scheduler != null) {
            firstSince[level] = clock.getAsLong();
        }
    }

    @Override
    public @Nullable HeldMessage<T> poll() {
        int level = scheduler == null ? 0 : scheduler.next(this);
        HeldMessage<T> next = level < 0 ? null : levels.get(level).poll();
        if (next != null) {
            size--;
            isFirst(level);
        }
        return next;
    }

    @Override
    public boolean waits(int level) {
        return !levels.get(level).isEmpty();
    }

    /** Since it was sent; by our own clock if that of the sender is ahead, or if nobody has said when that was. */
    @Override
    public long sinceMillis(int level) {
        long sent = levels.get(level).element().sentAtMillis();
        return sent == 0 ? firstSince[level] : Math.min(sent, firstSince[level]);
    }

    @Override
    public void forEach(Consumer<HeldMessage<T>> action) {
        levels.forEach(level -> level.forEach(action));
    }

    @Override
    public void drainTo(List<HeldMessage<T>> target) {
        levels.forEach(level -> {
            target.addAll(level);
            level.clear();
        });
        size = 0;
    }
}
