package dev.waybill.jdbc;

import java.io.InputStream;
import java.util.Objects;
import java.util.function.LongFunction;

/** Reads a payload part by part. */
final class PartsReader extends InputStream {

    /** Where the parts of a payload are, and how many. */
    record Place(long upload, long parts) {}

    private final Place place;
    private final LongFunction<byte[]> part;
    private byte[] current = new byte[0];
    private int at;
    private long next;

    PartsReader(Place place, LongFunction<byte[]> part) {
        this.place = place;
        this.part = part;
    }

    private boolean atEnd() {
        while (at == current.length) {
            if (next == place.parts()) {
                return true;
            }
            current = part.apply(next++);
            at = 0;
        }
        return false;
    }

    @Override
    public int read() {
        return atEnd() ? -1 : current[at++] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        if (length == 0) {
            return 0;
        }
        if (atEnd()) {
            return -1;
        }
        int some = Math.min(length, current.length - at);
        System.arraycopy(current, at, bytes, offset, some);
        at += some;
        return some;
    }
}
