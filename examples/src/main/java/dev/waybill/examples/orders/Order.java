package dev.waybill.examples.orders;

/**
 * What is remembered of an order.
 *
 * @param cents what it costs
 * @param failedPayments how often a payment has failed
 */
record Order(int cents, int failedPayments) {}
