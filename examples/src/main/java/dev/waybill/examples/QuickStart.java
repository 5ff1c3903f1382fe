package dev.waybill.examples;

import dev.waybill.Queue;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/** The smallest program that works: one queue, one consumer, one message, on the broker inside this JVM. */
public final class QuickStart {
    private QuickStart() {}

    public static void main(String[] args) throws InterruptedException {
        Queue<String> greetings = Queue.ofText("greetings");
        CountDownLatch handled = new CountDownLatch(1);
        try (Waybill waybill = Waybill.open(WaybillConfig.of(Map.of("waybill.broker", "in-memory")))) {
            waybill.consumer(greetings).start(delivery -> {
                System.out.println(delivery.payload()); // to return is to acknowledge, to throw is to have it again
                handled.countDown();
            });
            waybill.producer(greetings).send("hello").join(); // returns when the broker has it
            handled.await();
        }
    }
}
