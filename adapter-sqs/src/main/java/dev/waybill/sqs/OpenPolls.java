package dev.waybill.sqs;

import java.util.ArrayList;
import java.util.List;

/**
 * The open polls of one queue, of which some are abandoned: their receivers have stopped. What an abandoned poll brings is kept until
 * the last of them is answered. Given back before, it would go to the next of them, and as each receipt counts, a few would be enough
 * for SQS to dead-letter what nobody has handled. Thread-safe.
 */
final class OpenPolls {
    private final UnderWay all;
    private int abandoned;
    private List<Runnable> returns = new ArrayList<>();

    /** @param all counts a poll from its start until what it has brought is handed over, kept or given back */
    OpenPolls(UnderWay all) {
        this.all = all;
    }

    void start() {
        all.start();
    }

    void end() {
        all.end();
    }

    /** The receiver of an open poll has stopped. */
    synchronized void abandon() {
        abandoned++;
    }

    /**
     * An abandoned poll is answered, or has failed.
     *
     * @param giveBack gives back what it has brought; if others are open, the last of them runs it
     */
    void answered(Runnable giveBack) {
        List<Runnable> now;
        synchronized (this) {
            returns.add(giveBack);
            if (--abandoned > 0) {
                return;
            }
            now = returns;
            returns = new ArrayList<>();
        }
        now.forEach(Runnable::run);
    }
}
