package dev.waybill.inmemory;

import dev.waybill.spi.Envelope;
import org.jspecify.annotations.Nullable;

/** In one lane or several. */
final class LaneMessages implements ReadyMessages {
    /** How many messages without a key follow each other into a partition before the next one's turn. */
    private static final int STICKY = 16;
    /** The priority of a message that has none. */
    private static final int NONE = 4;

    private final Order order;
    private final Lane[] lanes;
    private int size;
    private int unkeyed;
    private int turn;
    /** How many were taken from the lane whose turn it is. */
    private int run;

    LaneMessages(Order order) {
        this.order = order;
        lanes = new Lane[order.lanes];
        for (int i = 0; i < lanes.length; i++) {
            lanes[i] = new Lane(i);
        }
        turn = order.step % lanes.length;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public void add(Envelope envelope, int priority) {
        lanes[order == Order.PRIORITIES ? priority < 0 ? NONE : priority : laneOf(envelope)].add(envelope);
        size++;
    }

    @Override
    public void giveBack(Receipt receipt) {
        lanes[receipt.lane()].giveBack(receipt);
        size++;
    }

    @Override
    public @Nullable Receipt take(InMemoryReceiver receiver, long lockedUntil) {
        if (size == 0) {
            return null;
        }
        size--;
        if (order == Order.PRIORITIES) {
            return first().take(receiver, lockedUntil);
        }
        while (lanes[turn].isEmpty() || run == order.longestRun) {
            turn = (turn + order.step) % lanes.length;
            run = 0;
        }
        run += order == Order.FIFO ? 0 : 1;
        return lanes[turn].take(receiver, lockedUntil);
    }

    /** What was given back goes before all else, then what has the highest priority. */
    private Lane first() {
        Lane first = lanes[0];
        for (Lane lane : lanes) {
            if (!lane.isEmpty() && (first.isEmpty() || lane.hasReturned() || !first.hasReturned())) {
                first = lane;
            }
        }
        return first;
    }

    private int laneOf(Envelope envelope) {
        if (order == Order.FIFO) {
            return 0;
        }
        String key = order == Order.PARTITIONS ? envelope.key() : null;
        if (key != null) {
            return Math.floorMod(key.hashCode(), lanes.length);
        }
        int arrival = unkeyed;
        unkeyed = (unkeyed + 1) % (STICKY * lanes.length);
        return order == Order.PARTITIONS ? arrival / STICKY : arrival % lanes.length;
    }

    /** What a consumer may rely on. */
    enum Order {
        /** First in, first out. */
        FIFO(1, 1, 1),
        /** Messages of a higher priority first, and first in, first out within one. */
        PRIORITIES(32, 1, 1),
        /** First in, first out within a partition, and a few messages of each in turn. */
        PARTITIONS(4, 1, 3),
        /** None promised, and none kept: of three messages that wait, the first is hardly ever taken first. */
        BUCKETS(3, 2, 1);

        private final int lanes;
        private final int step;
        private final int longestRun;

        Order(int lanes, int step, int longestRun) {
            this.lanes = lanes;
            this.step = step;
            this.longestRun = longestRun;
        }
    }
}
