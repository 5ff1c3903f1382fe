package dev.waybill.claimcheck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PieceOutputTest {
    private static final int PIECE = 100_000;

    private final List<byte[]> pieces = new ArrayList<>();
    private final byte[] payload = new byte[3 * PIECE];

    private final class Output extends PieceOutput {
        boolean fails;

        Output() {
            super(PIECE);
        }

        @Override
        protected byte[] full(byte[] piece) {
            if (fails) {
                throw new PayloadStoreException("not now", null);
            }
            pieces.add(piece.clone());
            return piece;
        }

        byte[] rest() {
            return Arrays.copyOf(buffer(), filled());
        }
    }

    private byte[] part(int from, int to) {
        return Arrays.copyOfRange(payload, from, to);
    }

    @Test
    void aPieceIsPassedOnWhenThereIsMore() {
        new Random(1).nextBytes(payload);
        Output out = new Output();
        out.write(payload[0]);
        assertThat(out.buffer()).hasSizeLessThan(PIECE);
        out.write(payload, 1, PIECE - 1);
        assertThat(pieces).isEmpty();
        assertThat(out.rest()).isEqualTo(part(0, PIECE));
        out.write(payload, PIECE, 2 * PIECE);
        assertThat(pieces).containsExactly(part(0, PIECE), part(PIECE, 2 * PIECE));
        assertThat(out.rest()).isEqualTo(part(2 * PIECE, 3 * PIECE));
    }

    @Test
    void whatIsNotPassedOnIsTriedAgainByWhoGoesOn() {
        new Random(1).nextBytes(payload);
        Output out = new Output();
        out.write(payload, 0, PIECE);
        out.fails = true;
        assertThatThrownBy(() -> out.write(payload, PIECE, 1)).hasMessage("not now");
        assertThatThrownBy(() -> out.write(payload, PIECE, 1)).hasMessage("not now");
        out.fails = false;
        out.write(payload, PIECE, 1);
        assertThat(pieces).containsExactly(part(0, PIECE));
        assertThat(out.rest()).isEqualTo(part(PIECE, PIECE + 1));
    }
}
