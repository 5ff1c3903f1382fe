package dev.waybill.azure;

import java.io.OutputStream;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One blob on its way: in one request if it has no more than one block, else in blocks, which are sent while the next is written. To be
 * closed; there is no blob unless it is complete.
 */
final class Upload extends OutputStream {
    static final int BLOCK = 8 << 20;

    private static final int FIRST_BUFFER = 64 << 10;

    private final Target target;
    private final int atOnce;
    private byte[] buffer = new byte[FIRST_BUFFER];
    private int filled;
    private @Nullable Blocks blocks;

    /** @param atOnce how many blocks are sent at once */
    Upload(Target target, int atOnce) {
        this.target = target;
        this.atOnce = atOnce;
    }

    @Override
    public void write(int one) {
        write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
        int from = offset;
        int left = length;
        while (left > 0) {
            if (filled == BLOCK) {
                passOn();
            }
            int some = Math.min(left, BLOCK - filled);
            reserve(filled + some);
            System.arraycopy(bytes, from, buffer, filled, some);
            filled += some;
            from += some;
            left -= some;
        }
    }

    private void reserve(int size) {
        if (size > buffer.length) {
            buffer = Arrays.copyOf(buffer, Math.min(BLOCK, Math.max(size, buffer.length * 2)));
        }
    }

    /** The buffer is full, and there is more. */
    private void passOn() {
        Blocks begun = blocks;
        if (begun == null) {
            begun = new Blocks(target, atOnce);
            blocks = begun;
        }
        begun.send(buffer, BLOCK);
        buffer = begun.free();
        filled = 0;
    }

    /** All is written; false if there is a blob of that name already. */
    boolean complete() {
        Blocks begun = blocks;
        if (begun == null) {
            return target.put(buffer, filled);
        }
        begun.send(buffer, filled);
        return begun.commit();
    }

    @Override
    public void close() {
        if (blocks != null) {
            blocks.close();
        }
    }
}
