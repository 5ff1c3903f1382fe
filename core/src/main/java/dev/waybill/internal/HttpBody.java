package dev.waybill.internal;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow.Subscription;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The body of a response as a stream that is a few pieces ahead of its reader, so that a slow reader slows its server. Unlike the JDK's own
 * it does not wait for ever for a server that falls silent. Closed before its end it drops its connection. Read by one thread at a time.
 */
final class HttpBody extends InputStream implements BodySubscriber<HttpBody> {
    private static final int AHEAD = 4;

    private final Duration patience;
    private final CompletableFuture<HttpBody> begun = new CompletableFuture<>();

    /** Bounded by what is asked for. */
    private final BlockingQueue<Piece> pieces = new LinkedBlockingQueue<>();

    /** Null when all has come, since the connection may be somebody else's then. */
    private volatile @Nullable Subscription subscription;

    private volatile boolean closed;
    private Piece piece = new Piece(List.<ByteBuffer>of().iterator(), false, null);
    private ByteBuffer bytes = ByteBuffer.allocate(0);

    /** @param patience how long a reader waits for the next piece */
    HttpBody(Duration patience) {
        this.patience = patience;
    }

    /** @param failure why it is the last, if that is not the end */
    private record Piece(
            Iterator<ByteBuffer> buffers,
            boolean last,
            @Nullable Throwable failure) {
        static Piece last(@Nullable Throwable failure) {
            return new Piece(List.<ByteBuffer>of().iterator(), true, failure);
        }
    }

    @Override
    public CompletionStage<HttpBody> getBody() {
        return begun;
    }

    @Override
    public void onSubscribe(Subscription subscription) {
        this.subscription = subscription;
        subscription.request(AHEAD);
        begun.complete(this);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
        pieces.add(new Piece(buffers.iterator(), false, null));
    }

    @Override
    public void onError(Throwable failure) {
        subscription = null;
        pieces.add(Piece.last(failure));
        begun.completeExceptionally(failure);
    }

    @Override
    public void onComplete() {
        subscription = null;
        pieces.add(Piece.last(null));
        begun.complete(this);
    }

    @Override
    public int read() throws IOException {
        return hasMore() ? bytes.get() & 0xff : -1;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, into.length);
        if (length == 0) {
            return 0;
        }
        if (!hasMore()) {
            return -1;
        }
        int read = Math.min(length, bytes.remaining());
        bytes.get(into, offset, read);
        return read;
    }

    /** Whether there are bytes, for which it waits. */
    private boolean hasMore() throws IOException {
        while (!bytes.hasRemaining()) {
            if (piece.buffers().hasNext()) {
                bytes = piece.buffers().next();
            } else if (!piece.last()) {
                piece = next();
            } else if (piece.failure() != null) {
                throw new IOException("the answer broke off: " + piece.failure(), piece.failure());
            } else {
                return false;
            }
        }
        return true;
    }

    private Piece next() throws IOException {
        Piece next = null;
        try {
            next = closed ? null : pieces.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while the answer was read");
        }
        if (closed) {
            throw new IOException("the answer is closed");
        }
        if (next == null) {
            close();
            throw new HttpTimeoutException("no more of the answer came for " + patience);
        }
        Subscription more = subscription;
        if (more != null) {
            more.request(1);
        }
        return next;
    }

    /** Wakes its reader, if there is one. */
    @Override
    public void close() {
        closed = true;
        Subscription more = subscription;
        if (more != null) {
            more.cancel();
        }
        pieces.add(Piece.last(null));
    }
}
