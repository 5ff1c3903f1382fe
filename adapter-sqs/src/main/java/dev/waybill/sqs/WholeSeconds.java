package dev.waybill.sqs;

/** SQS waits whole seconds only. */
final class WholeSeconds {
    private WholeSeconds() {}

    /** Rounded up, so that what waits is never early. */
    static int up(long millis) {
        return (int) ((millis + 999) / 1000);
    }
}
