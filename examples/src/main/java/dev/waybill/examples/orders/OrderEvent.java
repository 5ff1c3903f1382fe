package dev.waybill.examples.orders;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;

/** What happens to an order. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "event")
@JsonSubTypes({
    @JsonSubTypes.Type(value = OrderEvent.OrderPlaced.class, name = "OrderPlaced"),
    @JsonSubTypes.Type(value = OrderEvent.PaymentConfirmed.class, name = "PaymentConfirmed"),
    @JsonSubTypes.Type(value = OrderEvent.PaymentFailed.class, name = "PaymentFailed"),
    @JsonSubTypes.Type(value = OrderEvent.ItemsShipped.class, name = "ItemsShipped"),
    @JsonSubTypes.Type(value = OrderEvent.OrderCompleted.class, name = "OrderCompleted"),
    @JsonSubTypes.Type(value = OrderEvent.OrderCanceled.class, name = "OrderCanceled")
})
sealed interface OrderEvent {

    /**
     * It begins.
     *
     * @param cents what it costs
     */
    record OrderPlaced(int cents) implements OrderEvent {}

    /**
     * Money has come.
     *
     * @param cents how much
     */
    record PaymentConfirmed(int cents) implements OrderEvent {}

    record PaymentFailed(String reason) implements OrderEvent {}

    record ItemsShipped(String parcel) implements OrderEvent {}

    record OrderCompleted() implements OrderEvent {}

    record OrderCanceled(String by) implements OrderEvent {}
}
