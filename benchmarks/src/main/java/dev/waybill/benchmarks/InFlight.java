package dev.waybill.benchmarks;

import java.util.concurrent.Semaphore;

/** Bounds the messages of a plain client that are sent and not confirmed, and counts those that are. Thread-safe. */
final class InFlight {
    private final Semaphore free;
    private final Tally confirmed = new Tally();
    private long sent;

    InFlight(int limit) {
        free = new Semaphore(limit);
    }

    /** Takes a place, and waits for one if there is none; called by one thread. */
    void enter() throws InterruptedException {
        free.acquire();
        sent++;
    }

    void confirmed(int messages) {
        confirmed.add(messages);
        free.release(messages);
    }

    void failed(Throwable cause) {
        confirmed.fail(cause);
        free.release(1 << 30);
    }

    /** Waits until all are confirmed; called by the thread that sends. */
    void awaitNone() {
        confirmed.await(sent);
    }
}
