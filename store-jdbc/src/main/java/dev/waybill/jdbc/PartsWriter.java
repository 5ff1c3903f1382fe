package dev.waybill.jdbc;

import dev.waybill.claimcheck.PayloadStoreException;
import java.io.OutputStream;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Arrays;

/** Writes a payload in parts, within a transaction that is not its own. */
final class PartsWriter extends OutputStream {
    /** Far below what any of the databases takes in one statement by default. */
    private static final int PART = 1 << 20;

    private static final int FIRST_BUFFER = 64 << 10;

    private final PreparedStatement insert;
    private final long upload;
    private final String trouble;
    private byte[] buffer = new byte[FIRST_BUFFER];
    private int filled;
    private long parts;
    private long bytes;

    /** @param trouble how messages of failures begin */
    PartsWriter(PreparedStatement insert, long upload, String trouble) {
        this.insert = insert;
        this.upload = upload;
        this.trouble = trouble;
    }

    @Override
    public void write(int one) {
        write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] from, int offset, int length) {
        int at = offset;
        int left = length;
        while (left > 0) {
            if (filled == PART) {
                insertPart();
            }
            int some = Math.min(left, PART - filled);
            if (filled + some > buffer.length) {
                buffer = Arrays.copyOf(buffer, Math.min(PART, Math.max(filled + some, buffer.length * 2)));
            }
            System.arraycopy(from, at, buffer, filled, some);
            filled += some;
            at += some;
            left -= some;
        }
    }

    private void insertPart() {
        try {
            insert.setLong(1, upload);
            insert.setLong(2, parts);
            insert.setBytes(3, filled == buffer.length ? buffer : Arrays.copyOf(buffer, filled));
            insert.executeUpdate();
        } catch (SQLException e) {
            throw new PayloadStoreException(trouble + ": " + e.getMessage(), e);
        }
        parts++;
        bytes += filled;
        filled = 0;
    }

    /** All is written. */
    void finish() {
        if (filled > 0) {
            insertPart();
        }
    }

    long parts() {
        return parts;
    }

    long bytes() {
        return bytes;
    }
}
