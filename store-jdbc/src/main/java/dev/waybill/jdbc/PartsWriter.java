package dev.waybill.jdbc;

import dev.waybill.claimcheck.PayloadStoreException;
import dev.waybill.claimcheck.PieceOutput;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Arrays;

/** Writes a payload in parts, within a transaction that is not its own. */
final class PartsWriter extends PieceOutput {
    /** Far below what any of the databases takes in one statement by default. */
    private static final int PART = 1 << 20;

    private final PreparedStatement insert;
    private final long upload;
    private final String trouble;
    private long parts;
    private long bytes;

    /** @param trouble how messages of failures begin */
    PartsWriter(PreparedStatement insert, long upload, String trouble) {
        super(PART);
        this.insert = insert;
        this.upload = upload;
        this.trouble = trouble;
    }

    @Override
    protected byte[] full(byte[] part) {
        insert(part);
        return part;
    }

    private void insert(byte[] part) {
        try {
            insert.setLong(1, upload);
            insert.setLong(2, parts);
            insert.setBytes(3, part);
            insert.executeUpdate();
        } catch (SQLException e) {
            throw new PayloadStoreException(trouble + ": " + e.getMessage(), e);
        }
        parts++;
        bytes += part.length;
    }

    /** All is written. */
    void finish() {
        if (filled() > 0) {
            insert(filled() == buffer().length ? buffer() : Arrays.copyOf(buffer(), filled()));
        }
    }

    long parts() {
        return parts;
    }

    long bytes() {
        return bytes;
    }
}
