package dev.waybill.examples.orders;

/** Where an order is. */
enum OrderState {
    NEW,
    AWAITING_PAYMENT,
    AWAITING_SHIPMENT,
    SHIPPED,
    COMPLETED,
    CANCELED
}
