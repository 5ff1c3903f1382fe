package dev.waybill.examples.demo;

/**
 * What a consumer found out about one webhook, sent through the results queue.
 *
 * @param messageId the message it worked on
 * @param attempt unique: the same attempt that arrives twice is counted once
 * @param consumer who did it
 * @param redelivered whether the delivery was flagged as one that may have come before
 * @param type the kind of event
 * @param repository where it happened, such as {@code octo/hello}, or {@code (none)}
 * @param sha256 the digest of the body as received
 * @param bytes the length of the body
 * @param tier whose message it is
 * @param waitedMillis how long it waited from its sending to its handler
 */
record WorkResult(
        String messageId,
        String attempt,
        String consumer,
        boolean redelivered,
        String type,
        String repository,
        String sha256,
        int bytes,
        String tier,
        long waitedMillis) {}
