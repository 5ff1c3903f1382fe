package dev.waybill.rabbitmq;

import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A socket's stream that can gather what one thread writes, flushes included, so that a batch of messages becomes a few packets
 * instead of one each. A flush by any other thread writes everything that has gathered. Thread-safe.
 */
final class GatheringOutputStream extends OutputStream {
    private static final int SIZE = 64 << 10;

    private final OutputStream socket;
    private final AtomicReference<@Nullable Thread> gathering = new AtomicReference<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final byte[] gathered = new byte[SIZE];
    private int count;

    GatheringOutputStream(OutputStream socket) {
        this.socket = socket;
    }

    /** Whether this thread now gathers, which it must end by {@link #release}. */
    boolean gather() {
        return gathering.compareAndSet(null, Thread.currentThread());
    }

    void release() throws IOException {
        gathering.set(null);
        drain();
    }

    @Override
    public void write(int single) throws IOException {
        write(new byte[] {(byte) single}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
        lock.lock();
        try {
            if (length > SIZE - count) {
                drain();
            }
            if (length >= SIZE || gathering.get() == null && count == 0) {
                socket.write(bytes, from, length);
            } else {
                System.arraycopy(bytes, from, gathered, count, length);
                count += length;
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void flush() throws IOException {
        if (gathering.get() != Thread.currentThread()) {
            drain();
        }
    }

    private void drain() throws IOException {
        lock.lock();
        try {
            if (count > 0) {
                int length = count;
                count = 0;
                socket.write(gathered, 0, length);
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
