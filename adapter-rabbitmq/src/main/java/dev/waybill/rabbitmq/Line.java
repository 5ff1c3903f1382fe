package dev.waybill.rabbitmq;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.BrokerException.Kind;
import dev.waybill.spi.SenderListener;
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One connection while it lasts, and who is told when the server blocks it. */
final class Line {
    private static final Logger LOG = LoggerFactory.getLogger(Line.class);

    private final Connection connection;
    private final Wire wire;
    private final ServerAddress address;

    /** Held while the listeners are told, so that none hears of a change before the one that preceded it. */
    private final ReentrantLock telling = new ReentrantLock();

    private final Set<SenderListener> listeners = new LinkedHashSet<>();
    private volatile @Nullable String blocked;

    Line(Connection connection, Wire wire, ServerAddress address) {
        this.connection = connection;
        this.wire = wire;
        this.address = address;
        connection.addBlockedListener(this::onBlocked, this::onUnblocked);
    }

    Connection connection() {
        return connection;
    }

    boolean isOpen() {
        return connection.isOpen();
    }

    String whyClosed() {
        return Faults.describe(connection.getCloseReason());
    }

    /** How large the headers of a message may be. */
    HeaderRoom headerRoom() {
        return HeaderRoom.of(connection.getFrameMax());
    }

    Channel channel() {
        try {
            Channel channel = connection.createChannel();
            if (channel == null) {
                throw new BrokerException(
                        Kind.UNAVAILABLE, "all channels of the connection to " + address + " are in use", null);
            }
            return channel;
        } catch (IOException | RuntimeException failed) {
            throw Faults.of(failed);
        }
    }

    /** How long the server waits for a sign of life of a connection at least: twice its heartbeat, of which a half may have passed. */
    static long silenceNanos(Channel channel) {
        int seconds = channel.getConnection().getHeartbeat();
        return seconds == 0 ? Long.MAX_VALUE : TimeUnit.SECONDS.toNanos(seconds) * 3 / 2;
    }

    /** Ends a channel that nobody wants any more, whatever state it is in. May wait for the server. */
    static void abort(Channel channel) {
        try {
            channel.abort();
        } catch (IOException gone) {
            LOG.debug("a channel was gone already: {}", Faults.describe(gone));
        }
    }

    /** Why the server does not take messages from this connection, or null. */
    @Nullable
    String blocked() {
        return blocked;
    }

    void listen(SenderListener listener) {
        telling.lock();
        try {
            listeners.add(listener);
            String reason = blocked;
            if (reason != null) {
                listener.blocked(reason);
            }
        } finally {
            telling.unlock();
        }
    }

    void forget(SenderListener listener) {
        telling.lock();
        try {
            listeners.remove(listener);
        } finally {
            telling.unlock();
        }
    }

    private void onBlocked(String reason) {
        telling.lock();
        try {
            blocked = reason;
            listeners.forEach(listener -> listener.blocked(reason));
        } finally {
            telling.unlock();
        }
    }

    private void onUnblocked() {
        telling.lock();
        try {
            blocked = null;
            listeners.forEach(SenderListener::unblocked);
        } finally {
            telling.unlock();
        }
    }

    /** Ends the connection: in an orderly way if that goes within the time, else by ending the socket under it. */
    void close(Executor blocking, int millis) {
        CompletableFuture<Void> closing = CompletableFuture.runAsync(() -> connection.abort(millis), blocking);
        try {
            closing.get(millis, TimeUnit.MILLISECONDS);
        } catch (TimeoutException stuck) {
            LOG.debug("{} does not read, or does not answer the close", address);
            wire.cut();
        } catch (InterruptedException interrupted) {
            wire.cut();
            Thread.currentThread().interrupt();
        } catch (ExecutionException failed) {
            LOG.debug("the connection to {} was gone already: {}", address, Faults.describe(failed.getCause()));
        }
    }
}
