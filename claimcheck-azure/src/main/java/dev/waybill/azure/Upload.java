package dev.waybill.azure;

import dev.waybill.claimcheck.PieceOutput;
import org.jspecify.annotations.Nullable;

/**
 * One blob on its way: in one request if it has no more than one block, else in blocks, which are sent while the next is written. To be
 * closed; there is no blob unless it is complete.
 */
final class Upload extends PieceOutput {
    static final int BLOCK = 8 << 20;

    private final Target target;
    private final int atOnce;
    private @Nullable Blocks blocks;

    /** @param atOnce how many blocks are sent at once */
    Upload(Target target, int atOnce) {
        super(BLOCK);
        this.target = target;
        this.atOnce = atOnce;
    }

    @Override
    protected byte[] full(byte[] block) {
        Blocks begun = blocks;
        if (begun == null) {
            begun = new Blocks(target, atOnce);
            blocks = begun;
        }
        begun.send(block, BLOCK);
        return begun.free();
    }

    /** All is written; false if there is a blob of that name already. */
    boolean complete() {
        Blocks begun = blocks;
        if (begun == null) {
            return target.put(buffer(), filled());
        }
        begun.send(buffer(), filled());
        return begun.commit();
    }

    @Override
    public void close() {
        if (blocks != null) {
            blocks.close();
        }
    }
}
