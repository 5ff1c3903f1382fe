package dev.waybill.claimcheck;

import java.io.OutputStream;
import java.util.Arrays;

/**
 * For a {@link PayloadStore} that takes a payload in pieces: gathers what is written into buffers, all but the last of which are full. The
 * first grows as it is filled, so that a small payload takes little memory. Not thread-safe.
 */
public abstract class PieceOutput extends OutputStream {
    private static final int FIRST_BUFFER = 64 << 10;

    private final int piece;
    private byte[] buffer;
    private int filled;

    /** @param piece how many bytes a piece has */
    protected PieceOutput(int piece) {
        this.piece = piece;
        buffer = new byte[Math.min(piece, FIRST_BUFFER)];
    }

    /**
     * The buffer is full, and there is more. What it throws, the writer gets; and if that goes on, it is called again.
     *
     * @return the buffer for what follows; may be the same
     */
    protected abstract byte[] full(byte[] piece);

    /** What is written, but for what was passed on. */
    protected final byte[] buffer() {
        return buffer;
    }

    /** How many bytes of the buffer are written. */
    protected final int filled() {
        return filled;
    }

    @Override
    public final void write(int one) {
        write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public final void write(byte[] bytes, int offset, int length) {
        int from = offset;
        int left = length;
        while (left > 0) {
            if (filled == piece) {
                buffer = full(buffer);
                filled = 0;
            }
            int some = Math.min(left, piece - filled);
            reserve(filled + some);
            System.arraycopy(bytes, from, buffer, filled, some);
            filled += some;
            from += some;
            left -= some;
        }
    }

    private void reserve(int size) {
        if (size > buffer.length) {
            buffer = Arrays.copyOf(buffer, Math.min(piece, Math.max(size, buffer.length * 2)));
        }
    }
}
