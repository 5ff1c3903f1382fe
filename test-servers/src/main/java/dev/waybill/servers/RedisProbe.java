package dev.waybill.servers;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** Asks Redis who it is; while it still reads its data it refuses to tell what it keeps. */
final class RedisProbe {
    private static final int TIMEOUT_MILLIS = 2_000;
    private static final String VERSION = "redis_version:";

    private RedisProbe() {}

    /** Name and version, such as {@code Redis 8.0.2}. */
    static String ask(String host, int port) throws IOException {
        try (Socket socket = TcpProbe.connected(host, port)) {
            socket.setSoTimeout(TIMEOUT_MILLIS);
            socket.getOutputStream().write("DBSIZE\r\nINFO server\r\n".getBytes(StandardCharsets.US_ASCII));
            BufferedReader in =
                    new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            String size = in.readLine();
            if (size == null || !size.startsWith(":")) {
                throw new IOException("It says " + size);
            }
            String line = in.readLine();
            while (line != null && !line.startsWith(VERSION)) {
                line = in.readLine();
            }
            if (line == null) {
                throw new IOException("It does not tell its version");
            }
            return "Redis " + line.substring(VERSION.length());
        }
    }
}
