package dev.waybill.rabbitmq;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.PossibleAuthenticationFailureException;
import dev.waybill.Health;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.BrokerException.Kind;
import dev.waybill.spi.SenderListener;
import java.io.IOException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection, opened when it is wanted and again when it is lost. To publish and to consume there is one each, since a
 * server that blocks publishers stops reading from their connection, acknowledgements included.
 */
final class Link {
    private static final Logger LOG = LoggerFactory.getLogger(Link.class);

    private final ConnectionFactory factory;
    private final ServerAddress address;
    private final String name;
    private final ReentrantLock lock = new ReentrantLock();
    private final Set<SenderListener> listeners = ConcurrentHashMap.newKeySet();
    private volatile @Nullable Connection connection;
    private volatile @Nullable String blocked;
    private volatile boolean closed;

    Link(ConnectionFactory factory, ServerAddress address, String name) {
        this.factory = factory;
        this.address = address;
        this.name = name;
    }

    Connection open() {
        Connection current = connection;
        if (current != null && current.isOpen()) {
            return current;
        }
        lock.lock();
        try {
            current = connection;
            if (current != null && current.isOpen()) {
                return current;
            }
            if (closed) {
                throw new BrokerException(Kind.UNAVAILABLE, "the broker is closed", null);
            }
            Connection fresh = factory.newConnection(address.hosts(), name);
            blocked = null;
            fresh.addBlockedListener(this::onBlocked, this::onUnblocked);
            connection = fresh;
            return fresh;
        } catch (PossibleAuthenticationFailureException refused) {
            throw new BrokerException(Kind.DENIED, address + " refuses the user or the virtual host", refused);
        } catch (IOException | TimeoutException failed) {
            throw new BrokerException(
                    Kind.UNAVAILABLE, address + " cannot be reached: " + Faults.describe(failed), failed);
        } finally {
            lock.unlock();
        }
    }

    Channel channel() {
        try {
            Channel channel = open().createChannel();
            if (channel == null) {
                throw new BrokerException(
                        Kind.UNAVAILABLE, "all channels of the connection to " + address + " are in use", null);
            }
            return channel;
        } catch (IOException | RuntimeException failed) {
            throw Faults.of(failed);
        }
    }

    /** Ends a channel that nobody wants any more, whatever state it is in. */
    static void abort(Channel channel) {
        try {
            channel.abort();
        } catch (IOException gone) {
            LOG.debug("a channel was gone already: {}", Faults.describe(gone));
        }
    }

    void listen(SenderListener listener) {
        listeners.add(listener);
        String reason = blocked;
        if (reason != null) {
            listener.blocked(reason);
        }
    }

    void forget(SenderListener listener) {
        listeners.remove(listener);
    }

    private void onBlocked(String reason) {
        blocked = reason;
        listeners.forEach(listener -> listener.blocked(reason));
    }

    private void onUnblocked() {
        blocked = null;
        listeners.forEach(SenderListener::unblocked);
    }

    Health.Component health() {
        Connection current = connection;
        String reason = blocked;
        String where = address + " (" + name + ")";
        if (current == null) {
            return new Health.Component("connection", where, Health.Status.UP, "not opened yet");
        }
        if (!current.isOpen()) {
            return new Health.Component(
                    "connection", where, Health.Status.DOWN, Faults.describe(current.getCloseReason()));
        }
        return reason == null
                ? new Health.Component("connection", where, Health.Status.UP, "open")
                : new Health.Component("connection", where, Health.Status.DEGRADED, "blocked: " + reason);
    }

    void close() {
        closed = true;
        Connection current = connection;
        if (current != null) {
            current.abort(Math.max(1000, factory.getConnectionTimeout()));
        }
    }
}
