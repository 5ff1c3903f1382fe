package dev.waybill.internal;

import dev.waybill.DeadLetterHeaders;
import dev.waybill.ProducerOptions;
import dev.waybill.spi.Destination;
import dev.waybill.spi.Envelope;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Moves a message to the dead-letter queue, with its body as it came and the reason of its death: first a confirmed send, and
 * only then is the message accepted. A crash between the two leaves both, never neither.
 */
final class DeadLetterSink {
    private static final int LONGEST_REASON = 1024;

    private final Engine engine;
    private final Destination destination;
    private final ProducerOptions options;
    private @Nullable SendPipe pipe;

    DeadLetterSink(Engine engine, Destination destination, ProducerOptions options) {
        this.engine = engine;
        this.destination = destination;
        this.options = options;
    }

    PendingSend send(HeldMessage<?> message, String reason, @Nullable Throwable failure) {
        Envelope dead = message.inbound().envelope();
        Map<String, String> headers = new LinkedHashMap<>(dead.headers());
        headers.put(DeadLetterHeaders.REASON, cut(reason));
        headers.put(DeadLetterHeaders.QUEUE, destination.queue().name());
        headers.put(DeadLetterHeaders.DELIVERIES, Integer.toString(message.deliveryCount()));
        headers.put(DeadLetterHeaders.TIME, Long.toString(engine.time().epochMillis()));
        if (failure != null) {
            headers.put(DeadLetterHeaders.EXCEPTION, failure.getClass().getName());
        }
        return pipe().send(new Envelope(
                dead.id(), dead.key(), dead.contentType(), dead.sentAtMillis(), headers, dead.body()));
    }

    private static String cut(String reason) {
        return reason.length() <= LONGEST_REASON ? reason : reason.substring(0, LONGEST_REASON);
    }

    /** Opened when the first message dies, which most subscriptions never see. */
    private synchronized SendPipe pipe() {
        SendPipe open = pipe;
        if (open == null) {
            open = new SendPipe(engine, destination, options);
            pipe = open;
        }
        return open;
    }

    synchronized void close() {
        if (pipe != null) {
            pipe.close();
        }
    }
}
