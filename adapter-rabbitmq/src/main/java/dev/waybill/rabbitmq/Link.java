package dev.waybill.rabbitmq;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.PossibleAuthenticationFailureException;
import com.rabbitmq.client.ShutdownSignalException;
import dev.waybill.Health;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.BrokerException.Kind;
import java.io.IOException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A connection that is opened when it is wanted and again when it is lost. To publish and to consume there is one each, since a
 * server that blocks publishers stops reading from their connection, acknowledgements included.
 */
final class Link {
    private final ConnectionFactory factory;
    private final ServerAddress address;
    private final String name;
    private final Executor blocking;
    private final ReentrantLock opening = new ReentrantLock();
    private volatile @Nullable Line line;
    private volatile boolean closed;

    Link(ConnectionFactory factory, ServerAddress address, String name, Executor blocking) {
        this.factory = factory;
        this.address = address;
        this.name = name;
        this.blocking = blocking;
    }

    /** The open connection, or a new one; one attempt at a time. */
    Line open() {
        Line current = line;
        if (current != null && current.isOpen()) {
            return current;
        }
        opening.lock();
        try {
            current = line;
            if (current != null && current.isOpen()) {
                return current;
            }
            checkOpen();
            Line fresh = connect();
            line = fresh;
            if (closed) {
                close(fresh);
            }
            checkOpen();
            return fresh;
        } finally {
            opening.unlock();
        }
    }

    private void checkOpen() {
        if (closed) {
            throw new BrokerException(Kind.UNAVAILABLE, "the broker is closed", null);
        }
    }

    private Line connect() {
        Wire wire = new Wire();
        try {
            Connection connection = wire.of(factory).newConnection(address.hosts(), name);
            return new Line(connection, wire, address);
        } catch (PossibleAuthenticationFailureException refused) {
            throw new BrokerException(Kind.DENIED, address + " refuses the user or the virtual host", refused);
        } catch (IOException | TimeoutException failed) {
            ShutdownSignalException signal = Faults.signal(failed);
            boolean notAllowed = signal != null && Faults.code(signal) == AMQP.NOT_ALLOWED;
            throw new BrokerException(
                    notAllowed ? Kind.DENIED : Kind.UNAVAILABLE,
                    address + (notAllowed ? " refuses: " : " cannot be reached: ") + Faults.describe(failed),
                    failed);
        }
    }

    Health.Component health() {
        Line current = line;
        String where = address + " (" + name + ")";
        if (current == null) {
            return new Health.Component("connection", where, Health.Status.UP, "not opened yet");
        }
        if (!current.isOpen()) {
            return new Health.Component("connection", where, Health.Status.DOWN, current.whyClosed());
        }
        String reason = current.blocked();
        return reason == null
                ? new Health.Component("connection", where, Health.Status.UP, "open")
                : new Health.Component("connection", where, Health.Status.DEGRADED, "blocked: " + reason);
    }

    void close() {
        closed = true;
        Line current = line;
        if (current != null) {
            close(current);
        }
    }

    private void close(Line opened) {
        opened.close(blocking, Math.max(1000, factory.getConnectionTimeout()));
    }
}
