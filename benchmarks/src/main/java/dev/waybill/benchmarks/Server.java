package dev.waybill.benchmarks;

import org.jspecify.annotations.Nullable;

/** The server of a comparison: one that runs already. */
record Server(String uri) implements AutoCloseable {

    static Server at(String broker, @Nullable String uri) {
        if (uri == null) {
            throw new IllegalArgumentException("--uri " + broker + "=URI is needed");
        }
        return new Server(uri);
    }

    @Override
    public void close() {}
}
