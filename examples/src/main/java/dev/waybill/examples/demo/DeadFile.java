package dev.waybill.examples.demo;

/**
 * A file that came to the dead-letter queue.
 *
 * @param file its name
 * @param deliveries how often it had been delivered, in words
 * @param reason why it died
 */
record DeadFile(String file, String deliveries, String reason) {}
