package dev.waybill.examples.thumbnails;

import dev.waybill.Codec;
import dev.waybill.Payload;
import dev.waybill.Queue;
import dev.waybill.claimcheck.ClaimCheck;
import dev.waybill.claimcheck.PayloadStore;
import java.security.SecureRandom;
import java.time.Duration;

/** The queue of the images: large ones wait in a store, and a reference that is signed travels. */
final class ThumbnailQueue {
    /** The same on every broker, so that the demo shows the same on each; by default each has its own. */
    static final int THRESHOLD = 64 * 1024;

    private static final int SECRET_BYTES = 32;

    private ThumbnailQueue() {}

    static Queue<Payload> in(PayloadStore store, String name, Duration lock) {
        // Sender and workers are one process here; else both have it from their configuration.
        byte[] secret = new byte[SECRET_BYTES];
        new SecureRandom().nextBytes(secret);
        return Queue.named(name, Codec.payload())
                .lockDuration(lock)
                .claimCheck(ClaimCheck.in(store)
                        .threshold(THRESHOLD)
                        .signedWith("demo", secret)
                        .build())
                .build();
    }
}
