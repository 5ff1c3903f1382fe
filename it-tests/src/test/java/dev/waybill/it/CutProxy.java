package dev.waybill.it;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A TCP proxy on loopback that can cut everything, and heal. */
final class CutProxy implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(CutProxy.class.getName());

    private final ServerSocket listening;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private volatile InetSocketAddress target;
    private volatile boolean cut;

    /** Refuses every connection until it knows where to lead it. */
    CutProxy() throws IOException {
        listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        start(this::accept);
    }

    int port() {
        return listening.getLocalPort();
    }

    void leadTo(String host, int port) {
        target = new InetSocketAddress(host, port);
    }

    /** Ends every connection, and every new one at once. */
    void cut() {
        cut = true;
        sockets.forEach(CutProxy::end);
    }

    void heal() {
        cut = false;
    }

    private void accept() {
        while (!listening.isClosed()) {
            try {
                Socket client = listening.accept();
                start(() -> lead(client));
            } catch (IOException closed) {
                LOG.log(System.Logger.Level.TRACE, "no longer listening", closed);
            }
        }
    }

    private void lead(Socket client) {
        Socket server = new Socket();
        sockets.add(client);
        sockets.add(server);
        try {
            if (cut || target == null) {
                throw new IOException("cut");
            }
            client.setTcpNoDelay(true);
            server.setTcpNoDelay(true);
            server.connect(target);
            if (cut) {
                throw new IOException("cut");
            }
            start(() -> pump(client, server));
            pump(server, client);
        } catch (IOException notMade) {
            LOG.log(System.Logger.Level.TRACE, "a connection was not made", notMade);
        } finally {
            end(client);
            end(server);
            sockets.remove(client);
            sockets.remove(server);
        }
    }

    private void pump(Socket from, Socket to) {
        try (InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream()) {
            in.transferTo(out);
        } catch (IOException cutOrClosed) {
            LOG.log(System.Logger.Level.TRACE, "a connection ended", cutOrClosed);
        } finally {
            end(from);
            end(to);
        }
    }

    private static void end(Socket socket) {
        try {
            socket.close();
        } catch (IOException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static void start(Runnable task) {
        Thread thread = new Thread(task, "cut-proxy");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws IOException {
        listening.close();
        cut();
    }
}
