package dev.waybill.inmemory;

import static dev.waybill.inmemory.Fixture.ids;
import static dev.waybill.inmemory.Fixture.receive;
import static dev.waybill.inmemory.Fixture.receiveOne;
import static dev.waybill.inmemory.Fixture.settle;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.waybill.RetryPolicy;
import dev.waybill.TopologyMode;
import dev.waybill.spi.Broker;
import dev.waybill.spi.Destination;
import dev.waybill.spi.Held.Disposition;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.QueueDefinition;
import dev.waybill.spi.Receiver;
import dev.waybill.spi.ReceiverOptions;
import dev.waybill.spi.TimeSource;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class WaitingTest {
    private final Fixture fixture = new Fixture();
    private final Receiver receiver = fixture.receiver();

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void receiveReturnsAsSoonAsAMessageComes() throws Exception {
        Waiting waiting = Waiting.on(receiver, Duration.ofMinutes(5));
        fixture.send("a");
        assertThat(waiting.result()).containsExactly("a");
    }

    @Test
    void receiveWithoutAMessageIsEmptyAfterTheWait() throws Exception {
        assertThat(receiver.receive(1, Duration.ofMillis(20))).isEmpty();
    }

    @Test
    void waitEndsByTheClockThatATestMoves() throws Exception {
        Waiting waiting = Waiting.on(receiver, Duration.ofMinutes(5));
        fixture.time.advance(Duration.ofMinutes(5));
        assertThat(waiting.result()).isEmpty();
    }

    @Test
    void movingTheClockPastALockWakesAWaitingReceiver() throws Exception {
        fixture.send("a");
        receiveOne(receiver);
        Waiting waiting = Waiting.on(fixture.receiver(), Duration.ofMinutes(5));
        fixture.time.advance(Duration.ofSeconds(30));
        assertThat(waiting.result()).containsExactly("a");
    }

    @Test
    void pauseEndsTheWait() throws Exception {
        Waiting waiting = Waiting.on(receiver, Duration.ofMinutes(5));
        receiver.pause();
        assertThat(waiting.result()).isEmpty();
    }

    @Test
    void closeEndsTheWait() throws Exception {
        Waiting waiting = Waiting.on(receiver, Duration.ofMinutes(5));
        receiver.close();
        assertThat(waiting.result()).isEmpty();
    }

    @Test
    void settlementThatMakesRoomEndsTheWait() throws Exception {
        fixture.send("a", "b");
        Receiver small = fixture.receiver(Fixture.MAIN, 1);
        Inbound held = receiveOne(small);
        Waiting waiting = Waiting.on(small, Duration.ofMinutes(5));
        settle(small, held, Disposition.ACCEPT);
        assertThat(waiting.result()).containsExactly("b");
    }

    @Test
    void largerPrefetchEndsTheWait() throws Exception {
        fixture.send("a", "b");
        Receiver small = fixture.receiver(Fixture.MAIN, 1);
        receiveOne(small);
        Waiting waiting = Waiting.on(small, Duration.ofMinutes(5));
        small.prefetch(2);
        assertThat(waiting.result()).containsExactly("b");
    }

    @Test
    void messageGoesToTheReceiverThatHasRoom() throws Exception {
        fixture.send("a");
        Receiver full = fixture.receiver(Fixture.MAIN, 1);
        receiveOne(full);
        Waiting first = Waiting.on(full, Duration.ofMinutes(5));
        Waiting second = Waiting.on(receiver, Duration.ofMinutes(5));
        fixture.send("b");
        assertThat(second.result()).containsExactly("b");
        full.close();
        assertThat(first.result()).isEmpty();
    }

    @Test
    void batchWakesAsManyReceiversAsItServes() throws Exception {
        Waiting first = Waiting.on(fixture.receiver(Fixture.MAIN, 1), Duration.ofMinutes(5));
        Waiting second = Waiting.on(fixture.receiver(Fixture.MAIN, 1), Duration.ofMinutes(5));
        Waiting third = Waiting.on(fixture.receiver(Fixture.MAIN, 1), Duration.ofMinutes(5));
        fixture.send("a", "b", "c");
        assertThat(List.of(first.result(), second.result(), third.result()))
                .containsExactlyInAnyOrder(List.of("a"), List.of("b"), List.of("c"));
    }

    @Test
    void interruptedReceiverLosesNoMessage() throws Exception {
        Waiting waiting = Waiting.on(receiver, Duration.ofMinutes(5));
        waiting.thread.interrupt();
        assertThat(waiting.failure()).isInstanceOf(InterruptedException.class);
        fixture.send("a");
        assertThat(ids(receive(receiver, 1))).containsExactly("a");
    }

    @Test
    void byTheSystemClockALockThatStartedDuringTheWaitWakesTheReceiverWhenItEnds() throws Exception {
        try (Broker broker = Fixture.open("in-memory:", TimeSource.system())) {
            Destination quick = new Destination(
                    new QueueDefinition("quick", 3, Duration.ofMillis(100), RetryPolicy.DEFAULT),
                    Destination.Role.MAIN);
            broker.declare(quick.queue(), TopologyMode.DECLARE);
            Receiver hanging = broker.receiver(quick, new ReceiverOptions(1));
            Receiver waiter = broker.receiver(quick, new ReceiverOptions(1));
            Waiting first = Waiting.on(hanging, Duration.ofMinutes(5));
            Waiting second = Waiting.on(waiter, Duration.ofMinutes(5));
            broker.sender(quick, null).send(List.of(new Sent("a")));
            assertThat(first.result()).containsExactly("a");
            assertThat(second.result()).containsExactly("a");
        }
    }

    /** A receive on a thread of its own that has begun to wait. */
    private static final class Waiting {
        private final FutureTask<List<String>> task;
        private final Thread thread;

        private Waiting(Receiver receiver, Duration wait) {
            task = new FutureTask<>(() -> ids(receiver.receive(10, wait)));
            thread = new Thread(task, "waiting");
            thread.setDaemon(true);
            thread.start();
        }

        static Waiting on(Receiver receiver, Duration wait) {
            Waiting waiting = new Waiting(receiver, wait);
            await().pollInterval(Duration.ofMillis(1))
                    .until(() -> waiting.thread.getState() == Thread.State.TIMED_WAITING);
            return waiting;
        }

        List<String> result() throws InterruptedException, ExecutionException, TimeoutException {
            return task.get(10, TimeUnit.SECONDS);
        }

        Throwable failure() throws InterruptedException, TimeoutException {
            try {
                throw new AssertionError("expected a failure but got " + result());
            } catch (ExecutionException failed) {
                return failed.getCause();
            }
        }
    }
}
