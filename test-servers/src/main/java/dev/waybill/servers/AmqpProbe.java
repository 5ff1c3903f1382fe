package dev.waybill.servers;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** The first words of AMQP 0-9-1: the server answers our protocol header with {@code connection.start}, which tells who it is. */
final class AmqpProbe {
    private static final byte[] HEADER = {'A', 'M', 'Q', 'P', 0, 0, 9, 1};
    private static final int TIMEOUT_MILLIS = 2_000;
    private static final int METHOD_FRAME = 1;
    private static final int CONNECTION = 10;
    private static final int START = 10;

    private AmqpProbe() {}

    /** Name and version, such as {@code RabbitMQ 4.3.6}. */
    static String ask(String host, int port) throws IOException {
        try (Socket socket = TcpProbe.connected(host, port)) {
            return ask(socket);
        }
    }

    private static String ask(Socket socket) throws IOException {
        socket.setSoTimeout(TIMEOUT_MILLIS);
        socket.getOutputStream().write(HEADER);
        DataInputStream in = new DataInputStream(socket.getInputStream());
        int type = in.readUnsignedByte();
        in.skipNBytes(Short.BYTES);
        byte[] payload = new byte[in.readInt()];
        in.readFully(payload);
        DataInputStream method = new DataInputStream(new ByteArrayInputStream(payload));
        if (type != METHOD_FRAME || method.readUnsignedShort() != CONNECTION || method.readUnsignedShort() != START) {
            throw new IOException("Not an answer of AMQP 0-9-1");
        }
        method.skipNBytes(2); // the protocol's version
        Map<String, String> properties = texts(method);
        return properties.get("product") + " " + properties.get("version");
    }

    /** The texts of a field table. */
    private static Map<String, String> texts(DataInputStream in) throws IOException {
        Map<String, String> texts = new HashMap<>();
        byte[] table = new byte[in.readInt()];
        in.readFully(table);
        DataInputStream fields = new DataInputStream(new ByteArrayInputStream(table));
        while (fields.available() > 0) {
            String name = text(fields, fields.readUnsignedByte());
            int type = fields.readUnsignedByte();
            switch (type) {
                case 'S' -> texts.put(name, text(fields, fields.readInt()));
                case 'F' -> fields.skipNBytes(fields.readInt());
                case 't' -> fields.skipNBytes(1);
                default -> throw new IOException("Server property " + name + " has the unexpected type " + (char) type);
            }
        }
        return texts;
    }

    private static String text(DataInputStream in, int length) throws IOException {
        return new String(in.readNBytes(length), StandardCharsets.UTF_8);
    }
}
