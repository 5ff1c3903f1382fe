package dev.waybill.examples.demo;

import java.time.Duration;

/**
 * What to run.
 *
 * @param folder what to send
 * @param copies how often to send each file
 * @param consumers how many compete; at least 2, since one is killed
 * @param concurrency how many handlers each has
 * @param queue the queue's name
 * @param patience how long nothing may happen, beyond the lock of a killed consumer, before what has not come is lost
 * @param outage how long the gateway is down
 */
record Plan(
        InputFolder folder,
        int copies,
        int consumers,
        int concurrency,
        String queue,
        Duration patience,
        Duration outage) {

    int messages() {
        return folder.files().size() * copies + (folder.wholesome() ? 1 : 0);
    }

    int half() {
        return messages() / 2;
    }

    /** How many messages the consumer that is killed finishes before that: its fair share of the first half. */
    int victimShare() {
        return Math.max(1, half() / consumers);
    }
}
