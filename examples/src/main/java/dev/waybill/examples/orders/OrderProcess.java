package dev.waybill.examples.orders;

import dev.waybill.Codec;
import dev.waybill.Message;
import dev.waybill.Queue;
import dev.waybill.Waybill;
import dev.waybill.convoy.ConvoyStore;
import dev.waybill.convoy.Convoys;
import dev.waybill.convoy.StateMachine;
import dev.waybill.examples.orders.OrderEvent.ItemsShipped;
import dev.waybill.examples.orders.OrderEvent.OrderCanceled;
import dev.waybill.examples.orders.OrderEvent.OrderCompleted;
import dev.waybill.examples.orders.OrderEvent.OrderPlaced;
import dev.waybill.examples.orders.OrderEvent.PaymentConfirmed;
import dev.waybill.examples.orders.OrderEvent.PaymentFailed;
import java.time.Duration;

/**
 * From the order to its completion. A shipment that is reported before the payment waits; a payment may fail twice; an order that is
 * not paid in time is cancelled. The customer hears of it by mail.
 *
 * @param name of the queue of events, and the beginning of that of the mails
 * @param lock how long a message is locked
 * @param patience how long an order waits for its payment
 */
record OrderProcess(String name, Duration lock, Duration patience) {
    static final String MACHINE = "orders";
    private static final int MOST_PAYMENTS = 3;

    Queue<OrderEvent> events() {
        return Queue.named(name, Codec.json(OrderEvent.class))
                .orderedByKey()
                .lockDuration(lock)
                .build();
    }

    Queue<String> mails() {
        return Queue.named(name + "-mails", Codec.text()).lockDuration(lock).build();
    }

    StateMachine<OrderState, OrderEvent, Order> machine(Queue<String> mails) {
        return StateMachine.named(MACHINE, OrderState.class, OrderEvent.class, Codec.json(Order.class))
                .start(OrderState.NEW, key -> new Order(0, 0))
                .on(OrderState.NEW, OrderPlaced.class)
                .to(OrderState.AWAITING_PAYMENT, (step, placed) -> step.data(new Order(placed.cents(), 0)))
                .on(OrderState.AWAITING_PAYMENT, PaymentConfirmed.class)
                .when("in full", (order, paid) -> paid.cents() >= order.cents())
                .to(OrderState.AWAITING_SHIPMENT, (step, paid) -> step.send(mails, mail(step.key(), "is paid")))
                .on(OrderState.AWAITING_PAYMENT, PaymentFailed.class)
                .when("once more", (order, failed) -> order.failedPayments() + 1 < MOST_PAYMENTS)
                .to(
                        OrderState.AWAITING_PAYMENT,
                        (step, failed) -> step.data(
                                new Order(step.data().cents(), step.data().failedPayments() + 1)))
                .on(OrderState.AWAITING_PAYMENT, PaymentFailed.class)
                .to(
                        OrderState.CANCELED,
                        (step, failed) -> step.send(mails, mail(step.key(), "could not be paid: " + failed.reason())))
                .after(OrderState.AWAITING_PAYMENT, patience)
                .to(OrderState.CANCELED, step -> step.send(mails, mail(step.key(), "was not paid in time")))
                .on(OrderState.AWAITING_PAYMENT, OrderCanceled.class)
                .to(OrderState.CANCELED)
                .on(OrderState.AWAITING_SHIPMENT, ItemsShipped.class)
                .to(
                        OrderState.SHIPPED,
                        (step, shipped) ->
                                step.send(mails, mail(step.key(), "is on its way in parcel " + shipped.parcel())))
                .on(OrderState.AWAITING_SHIPMENT, OrderCanceled.class)
                .to(OrderState.CANCELED)
                .on(OrderState.SHIPPED, OrderCompleted.class)
                .to(OrderState.COMPLETED)
                .terminal(OrderState.COMPLETED, OrderState.CANCELED)
                .build();
    }

    private static Message<String> mail(String order, String text) {
        return Message.of("order " + order + " " + text);
    }

    Convoys start(Waybill waybill, ConvoyStore store) {
        Queue<String> mails = mails();
        return Convoys.of(waybill, events(), machine(mails))
                .store(store)
                .sendsTo(mails)
                .pollEvery(Duration.ofMillis(100))
                .start();
    }
}
