package dev.waybill.rabbitmq;

import com.rabbitmq.client.Connection;

/** The version that the server says of itself: what it can do is asked of this, never of a declare that succeeds. */
record ServerVersion(int major, int minor, String text) implements Comparable<ServerVersion> {
    /** Returns do not count as deliveries from here on. */
    static final ServerVersion V4_3 = new ServerVersion(4, 3, "4.3");
    /** A delivery limit of 20 is the default from here on, and -1 switches it off. */
    static final ServerVersion V4_0 = new ServerVersion(4, 0, "4.0");

    static ServerVersion of(Connection connection) {
        return parse(String.valueOf(connection.getServerProperties().get("version")));
    }

    static ServerVersion parse(String text) {
        String[] parts = text.split("[.+-]");
        try {
            return new ServerVersion(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]), text);
        } catch (NumberFormatException | ArrayIndexOutOfBoundsException strange) {
            throw new IllegalArgumentException("the server's version '" + text + "' is not of the form 4.3.1", strange);
        }
    }

    boolean atLeast(ServerVersion other) {
        return compareTo(other) >= 0;
    }

    @Override
    public int compareTo(ServerVersion other) {
        int byMajor = Integer.compare(major, other.major);
        return byMajor != 0 ? byMajor : Integer.compare(minor, other.minor);
    }
}
