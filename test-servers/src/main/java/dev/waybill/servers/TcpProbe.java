package dev.waybill.servers;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;

/** Whether somebody listens. */
final class TcpProbe {
    private static final int TIMEOUT_MILLIS = 2_000;

    private TcpProbe() {}

    static Socket connected(String host, int port) throws IOException {
        Socket socket = new Socket();
        try {
            socket.connect(new InetSocketAddress(host, port), TIMEOUT_MILLIS);
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    static void connect(String host, int port) throws IOException {
        connected(host, port).close();
    }
}
