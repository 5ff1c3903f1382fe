package dev.waybill.rabbitmq;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;

/** A TCP proxy on loopback that can cut its connections, or pass nothing on while they stay open, as a dead network does. */
final class StallingProxy implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(StallingProxy.class.getName());

    private final int target;
    private final ServerSocket listening;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final Semaphore flowing = new Semaphore(1);

    StallingProxy(int target) throws IOException {
        this(InetAddress.getLoopbackAddress(), target);
    }

    StallingProxy(InetAddress local, int target) throws IOException {
        this.target = target;
        listening = new ServerSocket(0, 50, local);
        start(this::accept);
    }

    int port() {
        return listening.getLocalPort();
    }

    void stall() {
        flowing.acquireUninterruptibly();
    }

    void flow() {
        flowing.release();
    }

    void cut() {
        sockets.forEach(StallingProxy::end);
    }

    private void accept() {
        while (!listening.isClosed()) {
            try {
                Socket client = listening.accept();
                Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
                sockets.add(client);
                sockets.add(server);
                start(() -> pump(client, server));
                start(() -> pump(server, client));
            } catch (IOException closedOrServerGone) {
                LOG.log(System.Logger.Level.TRACE, "a connection was not made", closedOrServerGone);
            }
        }
    }

    private void pump(Socket from, Socket to) {
        byte[] buffer = new byte[8192];
        try (InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream()) {
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                flowing.acquireUninterruptibly();
                flowing.release();
                out.write(buffer, 0, read);
            }
        } catch (IOException cutOrClosed) {
            LOG.log(System.Logger.Level.TRACE, "a connection ended", cutOrClosed);
        } finally {
            end(from);
            end(to);
            sockets.remove(from);
            sockets.remove(to);
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
        Thread thread = new Thread(task, "stalling-proxy");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws IOException {
        listening.close();
        cut();
    }
}
