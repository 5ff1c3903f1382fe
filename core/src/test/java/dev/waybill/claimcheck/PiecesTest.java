package dev.waybill.claimcheck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PiecesTest {
    private static final String THREAD = "pieces-test";

    private final Pieces<Integer> pieces = new Pieces<>(
            10,
            2,
            THREAD,
            "q/k",
            failed -> failed instanceof UncheckedIOException down ? new PayloadStoreException("told", down) : failed);
    private final CountDownLatch go = new CountDownLatch(1);

    @AfterEach
    void leavesNoThread() {
        go.countDown();
        pieces.close();
        await().untilAsserted(() -> assertThat(Thread.getAllStackTraces().keySet())
                .extracting(Thread::getName)
                .doesNotContain(THREAD));
    }

    private Callable<Integer> held(int number) {
        return () -> {
            go.await();
            return number;
        };
    }

    private static Callable<Integer> failing(RuntimeException failure) {
        return () -> {
            throw failure;
        };
    }

    @Test
    void asManyBuffersAsAreSentAtOnceAndOneMoreAreMade() throws Exception {
        byte[] first = new byte[10];
        pieces.send(first, held(1));
        pieces.send(pieces.free(), held(2));
        byte[] third = pieces.free();
        assertThat(third).hasSize(10).isNotSameAs(first);
        pieces.send(third, held(3));
        FutureTask<byte[]> fourth = new FutureTask<>(pieces::free);
        Thread waiting = new Thread(fourth);
        waiting.start();
        await().until(() -> waiting.getState() == Thread.State.WAITING);
        go.countDown();
        assertThat(fourth.get()).isSameAs(first);
        pieces.send(first, () -> 4);
        assertThat(pieces.all()).containsExactly(1, 2, 3, 4);
    }

    @Test
    void aPieceThatDidNotArriveIsToldEachTime() {
        pieces.send(new byte[10], () -> 1);
        pieces.send(new byte[10], failing(new UncheckedIOException(new IOException("the line is cut"))));
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(pieces::all)
                    .isInstanceOf(PayloadStoreException.class)
                    .hasMessage("told");
        }
    }

    @Test
    void aFaultOfTheProgramIsNoTroubleOfTheStore() {
        pieces.send(new byte[10], failing(new IllegalArgumentException("ours")));
        assertThatThrownBy(pieces::all)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("ours");
    }

    @Test
    void anInterruptEndsTheWaitAndIsKeptAlsoByTheClose() {
        pieces.send(new byte[10], held(1));
        Thread.currentThread().interrupt();
        assertThatThrownBy(pieces::all)
                .isInstanceOf(PayloadStoreException.class)
                .hasMessageContaining("the upload of q/k was interrupted");
        pieces.close();
        assertThat(Thread.interrupted()).isTrue();
    }
}
