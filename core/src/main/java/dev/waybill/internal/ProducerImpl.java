package dev.waybill.internal;

import dev.waybill.Codec;
import dev.waybill.CodecException;
import dev.waybill.Message;
import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.SendException;
import dev.waybill.WaybillException;
import dev.waybill.spi.Envelope;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Encodes, and gives the rest to its pipe. */
final class ProducerImpl<T> implements Producer<T> {
    private final Queue<T> queue;
    private final Codec<T> codec;
    private final String contentType;
    private final SendPipe pipe;
    private final Engine engine;
    private final Consumer<ProducerImpl<?>> onClose;

    ProducerImpl(Engine engine, Queue<T> queue, SendPipe pipe, Consumer<ProducerImpl<?>> onClose) {
        this.engine = engine;
        this.queue = queue;
        codec = queue.codec();
        contentType = codec.contentType();
        this.pipe = pipe;
        this.onClose = onClose;
    }

    @Override
    public CompletableFuture<Void> send(Message<T> message) {
        return pipe.send(envelope(message));
    }

    private Envelope envelope(Message<T> message) {
        byte[] body;
        try {
            body = codec.encode(message.payload());
        } catch (Exception bad) {
            throw new CodecException(
                    message + " to " + queue + " cannot be encoded as " + contentType + ": " + bad.getMessage(), bad);
        }
        return new Envelope(
                message.id(),
                message.key().orElse(null),
                contentType,
                engine.time().epochMillis(),
                message.headers(),
                body);
    }

    @Override
    public void sendAndWait(Message<T> message) {
        PendingSend send = pipe.send(envelope(message));
        try {
            send.get();
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof WaybillException known) {
                throw known;
            }
            throw new IllegalStateException(failed.getCause());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw pipe.failure(
                    send, SendException.Reason.INTERRUPTED, true, "the thread was interrupted before the answer", null);
        }
    }

    @Override
    public CompletableFuture<List<Result<T>>> sendAll(Collection<Message<T>> messages) {
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
        } catch (CodecException bad) {
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

    SendPipe pipe() {
        return pipe;
    }

    @Override
    public void close() {
        pipe.close();
        onClose.accept(this);
    }

    @Override
    public String toString() {
        return "producer of " + queue;
    }
}
