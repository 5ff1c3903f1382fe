package dev.waybill.rabbitmq;

import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.impl.DefaultExceptionHandler;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import javax.net.SocketFactory;
import javax.net.ssl.SSLSocketFactory;
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
    private volatile @Nullable GatheringOutputStream out;

    /** A factory whose connection runs over this wire. */
    ConnectionFactory of(ConnectionFactory factory) {
        ConnectionFactory mine = factory.clone();
        if (!(mine.getSocketFactory() instanceof SSLSocketFactory)) {
            mine.setSocketFactory(new GatheringSockets());
        }
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

    /**
     * Lets what this thread writes from now on gather, to go out together on {@link #release}. One thread at a time; false if
     * another is at it, or over TLS.
     */
    boolean gather() {
        GatheringOutputStream current = out;
        return current != null && current.gather();
    }

    void release() {
        GatheringOutputStream current = out;
        if (current != null) {
            try {
                current.release();
            } catch (IOException failed) {
                // The reader then finds the end, and reports whatever was written as lost with the connection.
                LOG.debug("a connection ended: {}", Faults.describe(failed));
                cut();
            }
        }
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

    private final class GatheringSockets extends SocketFactory {
        @Override
        public Socket createSocket() {
            return new Socket() {
                @Override
                public OutputStream getOutputStream() throws IOException {
                    GatheringOutputStream gathering = new GatheringOutputStream(super.getOutputStream());
                    out = gathering;
                    return gathering;
                }
            };
        }

        @Override
        public Socket createSocket(String host, int port) throws IOException {
            throw onlyUnconnected();
        }

        @Override
        public Socket createSocket(String host, int port, InetAddress local, int localPort) throws IOException {
            throw onlyUnconnected();
        }

        @Override
        public Socket createSocket(InetAddress host, int port) throws IOException {
            throw onlyUnconnected();
        }

        @Override
        public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort) throws IOException {
            throw onlyUnconnected();
        }

        private SocketException onlyUnconnected() {
            return new SocketException("the client is expected to connect its sockets itself");
        }
    }
}
