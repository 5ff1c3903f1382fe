package dev.waybill.examples.demo;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;

/** Lets so many messages pass and holds the rest until it is opened, so that a quick run is not over before the kill. */
final class HalfwayGate implements Checkpoint {
    private final AtomicLong left;
    private final CountDownLatch open = new CountDownLatch(1);

    HalfwayGate(long first) {
        left = new AtomicLong(first);
    }

    @Override
    public void pass(String messageId) throws InterruptedException {
        if (left.getAndDecrement() <= 0) {
            open.await();
        }
    }

    void open() {
        open.countDown();
    }
}
