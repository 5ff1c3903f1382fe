package dev.waybill.examples.demo;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/** Lets a consumer's share pass; then whatever it takes it holds, unfinished, until it is killed. */
final class HoldAfter implements Checkpoint {
    private final AtomicLong left;
    private final Consumer<String> onHeld;
    private final CountDownLatch never = new CountDownLatch(1);

    /**
     * @param share how many pass
     * @param onHeld told the id of each message that is held
     */
    HoldAfter(long share, Consumer<String> onHeld) {
        left = new AtomicLong(share);
        this.onHeld = onHeld;
    }

    @Override
    public void pass(String messageId) throws InterruptedException {
        if (left.getAndDecrement() <= 0) {
            onHeld.accept(messageId);
            never.await();
        }
    }
}
