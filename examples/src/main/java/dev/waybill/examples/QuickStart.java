package dev.waybill.examples;

import dev.waybill.Queue;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/** The first program of the README: one queue, one consumer, one message, on the broker inside this JVM. */
public class QuickStart {
    public static void main(String[] args) throws InterruptedException {
        Queue<String> greetings = Queue.ofText("greetings");
        CountDownLatch handled = new CountDownLatch(1);
        try (Waybill waybill = Waybill.open(WaybillConfig.of(Map.of("waybill.broker", "in-memory")))) {
            waybill.consumer(greetings).start(delivery -> {
                System.out.println(delivery.payload()); // to return is to acknowledge, to throw is to have it again
                handled.countDown();
            });
            waybill.producer(greetings).sendAndWait("hello"); // returns when the broker has it durably
            handled.await(); // to close gives back what was not started
        }
    }
}
