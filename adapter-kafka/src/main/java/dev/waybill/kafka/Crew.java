package dev.waybill.kafka;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntFunction;

/**
 * Who of a receiver's workers may poll, and how many there are. A share consumer cannot fetch while it holds anything, so a
 * worker whose messages are slow is stuck, and another takes over; when all are stuck, one more is hired.
 *
 * <p>A topic of one partition is polled by one worker at a time: that keeps its order, and what is held within the prefetch
 * and one poll. With several partitions the broker gives each worker its own, so all that are free poll at once. A worker
 * that has begun to poll goes on until it gets something, even when paused: its client fetches on in the background, and what
 * that brings must not grow old unseen. So a worker whose client may hold more than its poll has returned is the next to
 * poll, and the others wait for it, but not while it is stuck.
 *
 * <p>Thread-safe.
 */
final class Crew<M extends Crew.Member> {
    private static final int USUAL_SIZE = 2;

    private final int partitions;
    private int largest;
    private final IntFunction<M> hire;

    private final List<M> workers = new ArrayList<>();
    private final Set<M> polling = new HashSet<>();
    private final Set<M> stuck = new HashSet<>();
    private final Set<M> suspect = new HashSet<>();
    private final ArrayDeque<M> idle = new ArrayDeque<>();
    private int prefetch;
    private int held;
    private int pollSize;
    private boolean paused;
    private boolean closed;

    /**
     * @param partitions how many the topic has
     * @param largest how many workers there may be
     * @param hire makes and starts a worker whose polls are so large; called with the crew locked
     */
    Crew(int partitions, int largest, int prefetch, IntFunction<M> hire) {
        this.partitions = partitions;
        this.largest = largest;
        this.prefetch = prefetch;
        this.hire = hire;
        this.pollSize = PollSize.of(prefetch);
    }

    synchronized void start() {
        fill();
    }

    /** One worker, as far as the crew knows it. */
    interface Member {
        /** How many records its polls may return. */
        int pollSize();

        /** Has it ask {@link Crew#next} again. Does not block. */
        void wake();
    }

    /** What a worker with nothing in its hands is to do. */
    enum Turn {
        POLL,
        WAIT,
        LEAVE
    }

    synchronized Turn next(M worker) {
        stuck.remove(worker);
        if (closed) {
            return Turn.LEAVE;
        }
        if (polling.contains(worker)) {
            return Turn.POLL;
        }
        idle.remove(worker);
        if (worker.pollSize() < pollSize || workers.size() > largest) {
            workers.remove(worker);
            fill();
            return Turn.LEAVE;
        }
        if (suspect.remove(worker) || room() && (partitions > 1 || nobodyIsBefore())) {
            polling.add(worker);
            return Turn.POLL;
        }
        idle.addFirst(worker);
        return Turn.WAIT;
    }

    /** A worker that has waited long for a turn leaves if there are enough without it. */
    synchronized boolean mayLeave(M worker) {
        if (closed || !idle.contains(worker) || workers.size() <= wanted()) {
            return false;
        }
        idle.remove(worker);
        workers.remove(worker);
        return true;
    }

    /** Whether the records of nobody's poll, under way or to come, are before those of a poll that would begin now. */
    private boolean nobodyIsBefore() {
        return polling.isEmpty() && stuck.containsAll(suspect);
    }

    /**
     * A worker's poll has returned records.
     *
     * @param maybeMore whether its client may have fetched others, too
     */
    synchronized void polled(M worker, int records, boolean maybeMore) {
        polling.remove(worker);
        if (maybeMore) {
            suspect.add(worker);
        }
        held += records;
        wakeIdle();
    }

    /** Records are no longer held. */
    synchronized void released(int records) {
        held -= records;
        wakeIdle();
        fill();
    }

    /** A worker has held its records for a while. */
    synchronized void stuck(M worker) {
        if (stuck.add(worker)) {
            wakeIdle();
            fill();
        }
    }

    /** The broker takes no more members: whether the crew can do without this one, which then leaves. */
    synchronized boolean doesWithout(M worker) {
        if (workers.size() < 2 || !workers.contains(worker)) {
            return false;
        }
        largest = workers.size() - 1;
        left(worker);
        return true;
    }

    /** A worker has ended, for whatever reason. */
    synchronized void left(M worker) {
        workers.remove(worker);
        polling.remove(worker);
        stuck.remove(worker);
        suspect.remove(worker);
        idle.remove(worker);
        wakeIdle();
    }

    synchronized void prefetch(int limit) {
        prefetch = limit;
        int size = PollSize.of(limit);
        // Workers keep their poll size, so those with a much smaller one are replaced; a larger one only holds a little
        // more.
        if (size >= 2 * pollSize) {
            pollSize = size;
        }
        wakeIdle();
        fill();
    }

    synchronized void pause() {
        paused = true;
    }

    synchronized void resume() {
        paused = false;
        wakeIdle();
        fill();
    }

    /** Nobody begins to poll any more: whoever holds nothing leaves. */
    synchronized List<M> stop() {
        closed = true;
        return List.copyOf(workers);
    }

    synchronized List<M> workers() {
        return List.copyOf(workers);
    }

    private boolean room() {
        return !closed && !paused && held < prefetch;
    }

    private void wakeIdle() {
        if (!room() || idle.isEmpty()) {
            return;
        }
        if (partitions > 1) {
            idle.forEach(Member::wake);
        } else if (nobodyIsBefore()) {
            idle.peekFirst().wake();
        }
    }

    private int wanted() {
        // So many that each partition has one that is not stuck: with as many members as partitions each has one, with
        // twice as many
        // two, and so on. In between the broker means to give each as many as with the next multiple, but does not
        // always find a way
        // (4.4.0: a member that lacks a partition may have the one that is left), and a partition may be with the stuck
        // ones alone.
        int enough = stuck.isEmpty() ? 1 : partitions * (stuck.size() + 1);
        return Math.min(largest, Math.max(Math.min(USUAL_SIZE, prefetch), enough));
    }

    private void fill() {
        while (room() && workers.size() < wanted()) {
            workers.add(hire.apply(pollSize));
        }
    }
}
