package dev.waybill.servers;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** Asks a Kafka broker for its metadata: it serves when the cluster knows a broker and a controller. */
final class KafkaProbe {
    private static final int TIMEOUT_MILLIS = 2_000;
    private static final int METADATA = 3;
    private static final int METADATA_VERSION = 4;

    private KafkaProbe() {}

    static void ask(String host, int port) throws IOException {
        try (Socket socket = TcpProbe.connected(host, port)) {
            socket.setSoTimeout(TIMEOUT_MILLIS);
            socket.getOutputStream().write(request());
            DataInputStream in = new DataInputStream(socket.getInputStream());
            byte[] answer = new byte[in.readInt()];
            in.readFully(answer);
            check(new DataInputStream(new ByteArrayInputStream(answer)));
        }
    }

    private static byte[] request() throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(body);
        out.writeShort(METADATA);
        out.writeShort(METADATA_VERSION);
        out.writeInt(1); // correlation id
        writeText(out, "waybill-probe");
        out.writeInt(0); // no topics
        out.writeBoolean(false); // create none
        ByteArrayOutputStream framed = new ByteArrayOutputStream();
        DataOutputStream frame = new DataOutputStream(framed);
        frame.writeInt(body.size());
        body.writeTo(frame);
        return framed.toByteArray();
    }

    private static void check(DataInputStream in) throws IOException {
        in.skipNBytes(2 * Integer.BYTES); // correlation id, throttle time
        int brokers = in.readInt();
        for (int i = 0; i < brokers; i++) {
            in.skipNBytes(Integer.BYTES);
            skipText(in); // host
            in.skipNBytes(Integer.BYTES);
            skipText(in); // rack
        }
        skipText(in); // cluster id
        int controller = in.readInt();
        if (brokers < 1 || controller < 0) {
            throw new IOException("The cluster has " + brokers + " brokers and controller " + controller);
        }
    }

    private static void writeText(DataOutputStream out, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeShort(bytes.length);
        out.write(bytes);
    }

    private static void skipText(DataInputStream in) throws IOException {
        in.skipNBytes(Math.max(0, in.readShort()));
    }
}
