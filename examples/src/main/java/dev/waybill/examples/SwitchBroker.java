package dev.waybill.examples;

import dev.waybill.Codec;
import dev.waybill.Message;
import dev.waybill.Outcome;
import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import java.util.concurrent.CountDownLatch;

/**
 * The same program on any broker, chosen by configuration alone: {@code -Dwaybill.broker=rabbitmq
 * -Dwaybill.uri=amqp://localhost}, or {@code WAYBILL_BROKER} and {@code WAYBILL_URI} in the environment, or
 * {@code waybill.conf}, which says {@code in-memory} here.
 *
 * <p>Five orders are paid; one can never be, and goes to the dead-letter queue.
 */
public final class SwitchBroker {
    private static final int ORDERS = 6;

    private SwitchBroker() {}

    /** What travels. */
    public record Order(int number, int cents) {}

    public static void main(String[] args) throws InterruptedException {
        Queue<Order> orders =
                Queue.named("orders", Codec.json(Order.class)).maxDeliveries(3).build();
        CountDownLatch done = new CountDownLatch(ORDERS);
        try (Waybill waybill = Waybill.open(WaybillConfig.load());
                Producer<Order> producer = waybill.producer(orders)) {
            System.out.println("on " + waybill.capabilities().broker());
            waybill.consumer(orders).concurrency(4).startReturning(delivery -> {
                Order order = delivery.payload();
                if (order.cents() < 0) {
                    return Outcome.deadLetter("a negative amount");
                }
                System.out.println("order " + order.number() + " is paid");
                done.countDown();
                return Outcome.accept();
            });
            waybill.deadLetterConsumer(orders).start(dead -> {
                System.out.println("dead: " + dead.headers());
                done.countDown();
            });
            for (int number = 1; number <= ORDERS; number++) {
                Order order = new Order(number, number == 4 ? -1 : 100 * number);
                producer.sendAndWait(
                        Message.with(order).key("customer-" + number % 2).build());
            }
            done.await();
        }
    }
}
