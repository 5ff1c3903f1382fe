package dev.waybill.sqs;

import dev.waybill.SendException.Reason;
import dev.waybill.spi.Outbound;
import dev.waybill.spi.Sender;
import dev.waybill.sqs.SendCall.Reached;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.sqs.SqsClient;

/** Sends batches, each on a thread of its own. */
final class SqsSender implements Sender {
    static final int MAX_BATCH = 10;
    static final long MAX_BYTES = 1L << 20;
    static final Duration MAX_DELAY = Duration.ofMinutes(15);

    /** One connection that a server closes under load is no reason to give up all that is under way on the others. */
    private static final int MOST_CUT_OFF = 3;

    private final SqsClient client;
    private final String queueUrl;
    private final @Nullable FifoIds ids;
    private final Executor blocking;
    private final Runnable onBroken;
    private final Set<SendCall> open = ConcurrentHashMap.newKeySet();
    /** How many calls were cut off since the last answer. */
    private final AtomicInteger cutOff = new AtomicInteger();

    private volatile boolean broken;
    private volatile boolean closed;

    /**
     * @param ids for a FIFO queue, else null
     * @param onBroken called when SQS could not be reached
     */
    SqsSender(SqsClient client, String queueUrl, @Nullable FifoIds ids, Executor blocking, Runnable onBroken) {
        this.client = client;
        this.queueUrl = queueUrl;
        this.ids = ids;
        this.blocking = blocking;
        this.onBroken = onBroken;
    }

    @Override
    public void send(List<? extends Outbound> batch) {
        SendCall call = new SendCall(client, queueUrl, ids, batch);
        open.add(call);
        // After the call is among the open ones: whoever closes meanwhile sees it, or is seen here.
        if (closed) {
            end(call, "the sender is closed");
            return;
        }
        try {
            blocking.execute(() -> {
                try {
                    ended(call.run());
                } finally {
                    open.remove(call);
                }
            });
        } catch (RejectedExecutionException shutDown) {
            end(call, "the executor is shut down");
        }
    }

    private void ended(Reached reached) {
        if (reached == Reached.ANSWERED) {
            // Read first: a write by every call would cost all threads the cache line.
            if (cutOff.get() != 0) {
                cutOff.set(0);
            }
        } else if (reached == Reached.NOWHERE || cutOff.incrementAndGet() >= MOST_CUT_OFF) {
            broken = true;
            onBroken.run();
        }
    }

    private void end(SendCall call, String why) {
        call.end(Reason.CLOSED, why);
        open.remove(call);
    }

    /** False once SQS could not be reached: to open a new sender is to wait until it can. */
    @Override
    public boolean usable() {
        return !broken && !closed;
    }

    /** What no answer has come for is reported now; a late answer is dropped. */
    @Override
    public void close() {
        closed = true;
        open.forEach(call -> end(call, "the sender was closed before the answer"));
    }
}
