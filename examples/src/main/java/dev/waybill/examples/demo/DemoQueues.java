package dev.waybill.examples.demo;

import dev.waybill.Codec;
import dev.waybill.Queue;
import dev.waybill.RetryPolicy;
import java.time.Duration;

/**
 * The queues of the demo.
 *
 * @param name the queue of the files; that of the results is named after it
 * @param lock how long a killed consumer's messages stay away
 */
record DemoQueues(String name, Duration lock) {

    /** The files as the sender sees them: bytes, since not every file is JSON. */
    Queue<byte[]> files() {
        return declared(name, Codec.bytes()).priorities(Tiers.POLICY).build();
    }

    /** The same queue as the consumers see it. */
    Queue<Webhook> webhooks() {
        return declared(name, new WebhookCodec()).priorities(Tiers.POLICY).build();
    }

    Queue<WorkResult> results() {
        return declared(name + "-results", Codec.json(WorkResult.class)).build();
    }

    private <T> Queue.Builder<T> declared(String queue, Codec<T> codec) {
        return Queue.named(queue, codec)
                .lockDuration(lock)
                .retry(RetryPolicy.DEFAULT.deadLetterOn(Gateway.Refusal.class));
    }
}
