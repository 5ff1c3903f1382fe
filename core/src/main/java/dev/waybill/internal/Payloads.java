package dev.waybill.internal;

import dev.waybill.Payload;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Payloads that an application makes. */
public final class Payloads {
    private Payloads() {}

    public static Payload of(byte[] bytes) {
        return new OfBytes(Objects.requireNonNull(bytes, "bytes"));
    }

    public static Payload of(Path file) {
        return new OfFile(Objects.requireNonNull(file, "file"));
    }

    public static Payload of(InputStream stream) {
        return new OfStream(Objects.requireNonNull(stream, "stream"));
    }

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record OfBytes(byte[] bytes) implements Payload {
        @Override
        public InputStream open() {
            return new ByteArrayInputStream(bytes);
        }

        @Override
        public long size() {
            return bytes.length;
        }
    }

    private record OfFile(Path file) implements Payload {
        @Override
        public InputStream open() throws IOException {
            return Files.newInputStream(file);
        }

        /** Not known, since it may grow until it is read. */
        @Override
        public long size() {
            return -1;
        }
    }

    private static final class OfStream implements Payload {
        private final AtomicReference<@Nullable InputStream> stream;

        OfStream(InputStream stream) {
            this.stream = new AtomicReference<>(stream);
        }

        @Override
        public InputStream open() {
            InputStream only = stream.getAndSet(null);
            if (only == null) {
                throw new IllegalStateException("the stream of this payload was read before: make a new one");
            }
            return only;
        }

        @Override
        public long size() {
            return -1;
        }
    }
}
