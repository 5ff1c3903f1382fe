package dev.waybill.examples.demo;

/** What a consumer passes before it works on a message. Called by many threads. */
@FunctionalInterface
interface Checkpoint {
    void pass(String messageId) throws InterruptedException;
}
