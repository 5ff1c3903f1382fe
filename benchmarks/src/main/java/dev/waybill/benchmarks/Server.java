package dev.waybill.benchmarks;

import dev.waybill.servers.TestServer;
import dev.waybill.servers.TestServers;
import org.jspecify.annotations.Nullable;

/**
 * The server of a comparison.
 *
 * @param uri where it is
 * @param started the server, if it was started for this and ends with it
 */
record Server(String uri, @Nullable TestServer started) implements AutoCloseable {

    /** One that runs already, if there is an address, or else a new one. */
    static Server at(String broker, @Nullable String uri) {
        if (uri != null) {
            return new Server(uri, null);
        }
        TestServer started = TestServers.start(broker);
        return new Server(started.uri(), started);
    }

    String product() {
        return started == null ? "at " + uri : started.product();
    }

    @Override
    public void close() {
        if (started != null) {
            started.close();
        }
    }
}
