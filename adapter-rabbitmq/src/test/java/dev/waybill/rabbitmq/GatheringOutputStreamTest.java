package dev.waybill.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class GatheringOutputStreamTest {
    /** What reached the socket, and in how many writes. */
    private static final class Socket extends OutputStream {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        int writes;

        @Override
        public void write(int single) {
            throw new AssertionError("one byte at a time");
        }

        @Override
        public void write(byte[] data, int from, int length) {
            writes++;
            bytes.write(data, from, length);
        }
    }

    private final Socket socket = new Socket();
    private final GatheringOutputStream out = new GatheringOutputStream(socket);

    @Test
    void withoutGatheringEveryWriteGoesThrough() throws IOException {
        out.write(new byte[] {1, 2});
        out.write(3);
        assertThat(socket.bytes.toByteArray()).containsExactly(1, 2, 3);
        assertThat(socket.writes).isEqualTo(2);
    }

    @Test
    void whatIsGatheredGoesOutInOneWrite() throws IOException {
        assertThat(out.gather()).isTrue();
        for (int i = 0; i < 100; i++) {
            out.write(new byte[] {(byte) i});
            out.flush();
        }
        assertThat(socket.writes).isZero();
        out.release();
        assertThat(socket.writes).isEqualTo(1);
        assertThat(socket.bytes.size()).isEqualTo(100);
    }

    @Test
    void aFlushByAnotherThreadTakesAlongWhatIsGathered() throws IOException {
        out.gather();
        out.write(new byte[] {1});
        CompletableFuture.runAsync(() -> {
                    try {
                        assertThat(out.gather()).isFalse();
                        out.write(new byte[] {2});
                        out.flush();
                    } catch (IOException failed) {
                        throw new AssertionError(failed);
                    }
                })
                .join();
        assertThat(socket.bytes.toByteArray()).containsExactly(1, 2);
        out.release();
        assertThat(socket.writes).isEqualTo(1);
    }

    @Test
    void theOrderOfBytesIsKeptWhateverTheirLengths() throws IOException {
        Random random = new Random(3);
        ByteArrayOutputStream expected = new ByteArrayOutputStream();
        for (int round = 0; round < 200; round++) {
            boolean gathers = random.nextBoolean() && out.gather();
            for (int i = random.nextInt(20); i > 0; i--) {
                byte[] chunk = new byte[random.nextInt(random.nextInt(10) == 0 ? 200_000 : 5_000)];
                random.nextBytes(chunk);
                expected.write(chunk);
                out.write(chunk);
                out.flush();
            }
            if (gathers) {
                out.release();
            }
            assertThat(socket.bytes.size()).isEqualTo(expected.size());
        }
        assertThat(socket.bytes.toByteArray()).isEqualTo(expected.toByteArray());
    }
}
