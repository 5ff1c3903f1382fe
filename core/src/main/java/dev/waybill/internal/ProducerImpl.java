package dev.waybill.internal;

import dev.waybill.Capability;
import dev.waybill.CapabilityException;
import dev.waybill.Codec;
import dev.waybill.CodecException;
import dev.waybill.Health;
import dev.waybill.Message;
import dev.waybill.Payload;
import dev.waybill.PriorityPolicy;
import dev.waybill.PriorityPolicy.Tier;
import dev.waybill.Producer;
import dev.waybill.ProducerOptions;
import dev.waybill.Queue;
import dev.waybill.SendException;
import dev.waybill.WaybillException;
import dev.waybill.WaybillObserver.Sending;
import dev.waybill.internal.ClaimWriter.Body;
import dev.waybill.spi.Destination;
import dev.waybill.spi.Envelope;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Encodes, and gives the rest to the pipe of its level. */
final class ProducerImpl<T> implements Producer<T> {
    /** In place of the headers that core and tracing add when a message is sent; no application can call one so. */
    private static final Map.Entry<String, String> ADDED = Map.entry("(added)", "x".repeat(2048));

    private final Queue<T> queue;
    private final Codec<T> codec;
    private final String contentType;
    private final Lanes lanes;
    private final ProducerOptions options;
    private final @Nullable ClaimWriter claims;

    /** By lane; all but the first are made by the first message for them, and opened in the background. */
    private final AtomicReferenceArray<@Nullable SendPipe> pipes;

    /** Held while a pipe is made. */
    private final ReentrantLock opening = new ReentrantLock();

    private boolean closed;
    private final Engine engine;
    private final Consumer<ProducerImpl<?>> onClose;

    ProducerImpl(
            Engine engine,
            Queue<T> queue,
            Lanes lanes,
            ProducerOptions options,
            @Nullable ClaimWriter claims,
            Consumer<ProducerImpl<?>> onClose) {
        this.engine = engine;
        this.queue = queue;
        codec = queue.codec();
        contentType = codec.contentType();
        this.lanes = lanes;
        this.options = options;
        this.claims = claims;
        pipes = new AtomicReferenceArray<>(lanes.count());
        open(0);
        this.onClose = onClose;
    }

    @Override
    public CompletableFuture<Void> send(Message<T> message) {
        try {
            return start(message);
        } catch (SendException notBegun) {
            return CompletableFuture.failedFuture(notBegun);
        }
    }

    /** @throws SendException if its payload could not be stored, so that nothing is sent */
    private PendingSend start(Message<T> message) {
        long now = engine.time().epochMillis();
        long delay = delay(message, now);
        int level = level(message);
        Destination place = lanes.again(lanes.of(level), delay > 0);
        SendPipe pipe = pipe(place.queue().lane());
        Body body = body(message);
        Sending sending = engine.observer().sending(engine.adapter(), queue.name(), message, body.bytes().length);
        Map<String, String> headers = sending == null ? message.headers() : joined(sending.headers(), message);
        if (level > 0) {
            headers = new LinkedHashMap<>(headers);
            headers.put(CoreHeaders.PRIORITY, Integer.toString(level));
        }
        Envelope envelope =
                new Envelope(message.id(), message.key().orElse(null), body.contentType(), now, headers, body.bytes());
        PendingSend send = delay == 0 ? pipe.send(envelope, 0) : later(pipe, envelope, delay, now);
        if (sending != null) {
            var unused = send.whenComplete((stored, failure) -> sending.ended(failure));
        }
        String key = body.key();
        if (key != null && claims != null) {
            ClaimWriter writer = claims;
            var unused = send.whenComplete((stored, failure) -> writer.ended(key, failure));
        }
        return send;
    }

    @Override
    public void check(Message<byte[]> message) {
        long now = engine.time().epochMillis();
        delay(message, now);
        level(message);
        byte[] body = message.payload();
        boolean waits = claims != null && claims.stores(body);
        Map<String, String> headers = new LinkedHashMap<>(message.headers());
        headers.put(ADDED.getKey(), ADDED.getValue());
        Envelope envelope = new Envelope(
                message.id(), message.key().orElse(null), contentType, now, headers, waits ? new byte[0] : body);
        Optional<String> tooLarge = engine.limits().tooLarge(envelope.size());
        tooLarge.or(() -> engine.broker().tooLarge(envelope)).ifPresent(why -> {
            throw new SendException(SendException.Reason.TOO_LARGE, false, queue.name(), message.id(), why, null);
        });
    }

    private long delay(Message<?> message, long now) {
        long delay = message.delayMillis(now);
        checkOrder(message, delay);
        if (delay > 0 && engine.limits().maxDelayMillis() == 0) {
            throw new CapabilityException(message + " to " + queue + " is to wait for " + delay + " ms, but "
                    + engine.broker().capabilities().broker() + " has no " + Capability.DELAYED_SEND);
        }
        return delay;
    }

    private void checkOrder(Message<?> message, long delay) {
        if (!lanes.ordered()) {
            return;
        }
        if (message.key().isEmpty()) {
            throw new IllegalArgumentException(
                    message + " has no key, but " + queue + " is ordered by key: set one, Message.with(...).key(...)");
        }
        if (delay > 0) {
            throw new IllegalArgumentException(message + " is to wait for " + delay + " ms, but " + queue
                    + " is ordered by key, and what is sent later would overtake it");
        }
    }

    private int level(Message<?> message) {
        Optional<String> tier = message.tier();
        int level = tier.isPresent() ? level(message, tier.get()) : message.priority();
        if (level >= lanes.levels()) {
            throw new IllegalArgumentException("priority of " + message + " is " + level + ", but " + queue
                    + (lanes.policy() == null ? " has no priorities" : " has 0 to " + (lanes.levels() - 1)));
        }
        return level;
    }

    private int level(Message<?> message, String tier) {
        PriorityPolicy policy = lanes.policy();
        return (policy == null ? Optional.<Tier>empty() : policy.tier(tier))
                .map(Tier::level)
                .orElseThrow(() -> new IllegalArgumentException("tier of " + message + " is '" + tier + "', but "
                        + queue + " has the tiers " + (policy == null ? List.of() : policy.tiers())));
    }

    private SendPipe pipe(int lane) {
        SendPipe open = pipes.get(lane);
        return open == null ? open(lane) : open;
    }

    private SendPipe open(int lane) {
        opening.lock();
        try {
            SendPipe open = pipes.get(closed ? 0 : lane);
            if (open == null) {
                Destination destination = lanes.all().get(lane);
                open = WaybillRuntime.asking(
                        "cannot send to " + destination,
                        () -> new SendPipe(engine, destination, options, false, lane > 0));
                pipes.set(lane, open);
            }
            return open;
        } finally {
            opening.unlock();
        }
    }

    private List<SendPipe> pipes() {
        List<SendPipe> open = new ArrayList<>();
        for (int lane = 0; lane < pipes.length(); lane++) {
            SendPipe pipe = pipes.get(lane);
            if (pipe != null) {
                open.add(pipe);
            }
        }
        return open;
    }

    private PendingSend later(SendPipe pipe, Envelope envelope, long delay, long now) {
        Envelope due = lanes.policy() == null ? envelope : CoreHeaders.since(envelope, now + delay);
        Delayed delayed = Delayed.by(delay, due, engine.limits().maxDelayMillis(), now);
        return pipe.send(delayed.envelope(), delayed.millis());
    }

    /** What the application has set itself stays as it is. */
    private static Map<String, String> joined(Map<String, String> added, Message<?> message) {
        if (added.isEmpty()) {
            return message.headers();
        }
        Map<String, String> headers = new LinkedHashMap<>(added);
        headers.putAll(message.headers());
        return Collections.unmodifiableMap(headers);
    }

    private Body body(Message<T> message) {
        if (message.payload() instanceof Payload payload) {
            return claims == null
                    ? new Body(whole(message, payload), contentType, null)
                    : claims.body(message, payload, contentType);
        }
        byte[] encoded = encode(message);
        return claims == null ? new Body(encoded, contentType, null) : claims.body(message, encoded, contentType);
    }

    /** No more of it is brought into memory than what a message takes, and a byte, by which it is refused. */
    private byte[] whole(Message<T> message, Payload payload) {
        try (InputStream in = payload.open()) {
            return in.readNBytes(
                    (int) Math.min(Integer.MAX_VALUE - 8, engine.limits().maxMessageBytes() + 1));
        } catch (IOException bad) {
            throw new CodecException("the payload of " + message + " to " + queue + " cannot be read: " + bad, bad);
        }
    }

    private byte[] encode(Message<T> message) {
        try {
            return codec.encode(message.payload());
        } catch (Exception bad) {
            throw new CodecException(
                    message + " to " + queue + " cannot be encoded as " + contentType + ": " + bad.getMessage(), bad);
        }
    }

    @Override
    public void sendAndWait(Message<T> message) {
        PendingSend send = start(message);
        try {
            send.get();
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof WaybillException known) {
                throw known;
            }
            throw new IllegalStateException(failed.getCause());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw send.failure(
                    SendException.Reason.INTERRUPTED, true, "the thread was interrupted before the answer", null);
        }
    }

    @Override
    public CompletableFuture<List<Result<T>>> sendAll(Collection<Message<T>> messages) {
        // What is wrong is found before the first is sent.
        long now = engine.time().epochMillis();
        messages.forEach(message -> {
            checkOrder(message, message.delayMillis(now));
            level(message);
        });
        List<CompletableFuture<Result<T>>> sends = new ArrayList<>(messages.size());
        for (Message<T> message : messages) {
            sends.add(sendOne(message).handle((done, failure) -> new Result<>(message, cause(failure))));
        }
        return CompletableFuture.allOf(sends.toArray(CompletableFuture[]::new))
                .thenApply(done -> sends.stream().map(CompletableFuture::join).toList());
    }

    private CompletableFuture<Void> sendOne(Message<T> message) {
        try {
            return send(message);
        } catch (WaybillException bad) {
            return CompletableFuture.failedFuture(bad);
        }
    }

    private static @Nullable WaybillException cause(@Nullable Throwable failure) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        if (cause == null || cause instanceof WaybillException) {
            return (WaybillException) cause;
        }
        throw new IllegalStateException("a send fails with a WaybillException only", cause);
    }

    List<Health.Component> health() {
        String name = lanes.first().toString();
        return pipes().stream().map(pipe -> pipe.health(name)).toList();
    }

    @Override
    public void close() {
        opening.lock();
        try {
            closed = true;
        } finally {
            opening.unlock();
        }
        pipes().forEach(SendPipe::close);
        onClose.accept(this);
    }

    @Override
    public String toString() {
        return "producer of " + queue;
    }
}
