package dev.waybill.claimcheck;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * For a {@link PayloadStore} that takes a payload in pieces: some are sent at once, each on a thread of its own, while the next is filled.
 * Not thread-safe. To be closed, which ends its threads.
 *
 * @param <R> what a piece that has arrived is known by
 */
public final class Pieces<R> implements AutoCloseable {
    private final int piece;
    private final int atOnce;
    private final String what;
    private final Function<RuntimeException, RuntimeException> told;
    private final ExecutorService senders;
    private final Deque<Piece<R>> underWay = new ArrayDeque<>();
    private final List<R> arrived = new ArrayList<>();

    /**
     * @param piece how many bytes a buffer has
     * @param atOnce how many pieces are sent at once, so that one more is in memory, which is being filled
     * @param thread what its threads are called
     * @param what what is sent, for messages
     * @param told what is thrown here for what was thrown while a piece was sent: for trouble of the store a {@link PayloadStoreException};
     *     else, as for a fault of the program, what it is given
     */
    public Pieces(
            int piece, int atOnce, String thread, String what, Function<RuntimeException, RuntimeException> told) {
        this.piece = piece;
        this.atOnce = atOnce;
        this.what = what;
        this.told = told;
        senders = Executors.newFixedThreadPool(atOnce, task -> {
            Thread sender = new Thread(task, thread);
            sender.setDaemon(true);
            return sender;
        });
    }

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Piece<R>(byte[] buffer, Future<R> sent) {}

    /**
     * Has a piece sent. Does not block.
     *
     * @param buffer stays as it is until it is {@link #free}
     */
    public void send(byte[] buffer, Callable<R> sending) {
        underWay.add(new Piece<>(buffer, senders.submit(sending)));
    }

    /**
     * A buffer for the next piece; waits for one if as many as may be are on their way.
     *
     * @throws PayloadStoreException if a piece did not arrive, also if it is called again, or if the thread is interrupted
     * @throws IllegalStateException if an error, or what is no {@code RuntimeException}, kept a piece from being sent
     */
    public byte[] free() {
        return underWay.size() <= atOnce ? new byte[piece] : awaitOldest();
    }

    /** Waits until all have arrived, and gives them in the order in which they were sent; throws what {@link #free} does. */
    public List<R> all() {
        while (!underWay.isEmpty()) {
            awaitOldest();
        }
        return List.copyOf(arrived);
    }

    private byte[] awaitOldest() {
        Piece<R> oldest = underWay.element();
        arrived.add(await(oldest.sent()));
        underWay.remove();
        return oldest.buffer();
    }

    private R await(Future<R> sent) {
        try {
            return sent.get();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new PayloadStoreException("the upload of " + what + " was interrupted", interrupted);
        } catch (ExecutionException bad) {
            if (bad.getCause() instanceof RuntimeException failed) {
                throw told.apply(failed);
            }
            throw new IllegalStateException("a piece of " + what + " was not sent", bad.getCause());
        }
    }

    /** Interrupts what is on its way, and waits until that has ended, so that nothing arrives later. An interrupt waits until then. */
    @Override
    public void close() {
        senders.shutdownNow();
        boolean interrupted = false;
        while (!senders.isTerminated()) {
            try {
                var unused = senders.awaitTermination(1, TimeUnit.MINUTES);
            } catch (InterruptedException again) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
