package dev.waybill.rabbitmq;

import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.impl.DefaultExceptionHandler;
import java.io.IOException;
import java.net.Socket;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The socket under one connection. The client writes while it holds its locks; where the other side does not read, whoever wants
 * to close waits for them as long as the write does. To end the socket frees them all.
 */
final class Wire {
    private static final Logger LOG = LoggerFactory.getLogger(Wire.class);

    private volatile @Nullable Socket socket;

    /** A factory whose connection runs over this wire. */
    ConnectionFactory of(ConnectionFactory factory) {
        ConnectionFactory mine = factory.clone();
        mine.setSocketConfigurator(mine.getSocketConfigurator().andThen(opened -> socket = opened));
        mine.setExceptionHandler(new DefaultExceptionHandler() {
            @Override
            public void handleUnexpectedConnectionDriverException(Connection connection, Throwable failure) {
                // Comes before the client takes the locks that a stuck writer holds.
                LOG.debug("a connection ended: {}", Faults.describe(failure));
                cut();
            }
        });
        return mine;
    }

    /** Ends the socket at once, without a word. */
    void cut() {
        Socket current = socket;
        if (current == null) {
            return;
        }
        try {
            // Else the close of a TLS socket waits for the writer.
            current.setSoLinger(true, 0);
            current.close();
        } catch (IOException gone) {
            LOG.debug("a socket was closed already: {}", Faults.describe(gone));
        }
    }
}
