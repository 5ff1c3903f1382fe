package dev.waybill.sqs;

import dev.waybill.spi.BrokerException;
import dev.waybill.spi.Held;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.Receiver;
import dev.waybill.spi.TimeSource;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;
import software.amazon.awssdk.services.sqs.model.ReceiveMessageRequest;

/**
 * Polls one queue. At most one long poll is open, on a thread of its own, so that a pause or a close need not wait for its
 * answer: what it brings late is given back.
 */
final class SqsReceiver implements Receiver {
    private static final Logger LOG = LoggerFactory.getLogger(SqsReceiver.class);
    static final int MAX_RECEIVE = 10;
    private static final int LONGEST_POLL_SECONDS = 20;

    private final SqsClient client;
    private final String queueUrl;
    private final Executor blocking;
    private final TimeSource time;
    private final long lockNanos;
    private final Settlements settlements;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final ArrayDeque<Inbound> ready = new ArrayDeque<>();
    private boolean polling;
    private @Nullable BrokerException failure;
    private boolean paused;
    private boolean closed;

    SqsReceiver(SqsClient client, String queueUrl, Duration lock, Executor blocking, TimeSource time) {
        this.client = client;
        this.queueUrl = queueUrl;
        this.blocking = blocking;
        this.time = time;
        lockNanos = lock.toNanos();
        settlements = new Settlements(client, queueUrl, lock, blocking, time);
    }

    @Override
    public List<Inbound> receive(int max, Duration wait) throws InterruptedException {
        long left = wait.toNanos();
        lock.lockInterruptibly();
        try {
            while (true) {
                if (paused || closed) {
                    return List.of();
                }
                if (!ready.isEmpty()) {
                    return take(max);
                }
                BrokerException failed = failure;
                if (failed != null) {
                    failure = null;
                    throw failed;
                }
                if (left <= 0) {
                    return List.of();
                }
                if (!polling) {
                    startPoll(max, left);
                }
                left = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    private List<Inbound> take(int max) {
        List<Inbound> taken = new ArrayList<>(Math.min(max, ready.size()));
        while (taken.size() < max && !ready.isEmpty()) {
            taken.add(ready.poll());
        }
        return taken;
    }

    private void startPoll(int max, long waitNanos) {
        polling = true;
        long seconds = Math.max(1, Math.min(LONGEST_POLL_SECONDS, TimeUnit.NANOSECONDS.toSeconds(waitNanos)));
        ReceiveMessageRequest request = ReceiveMessageRequest.builder()
                .queueUrl(queueUrl)
                .maxNumberOfMessages(Math.min(max, MAX_RECEIVE))
                .waitTimeSeconds((int) seconds)
                .messageSystemAttributeNames(
                        MessageSystemAttributeName.APPROXIMATE_RECEIVE_COUNT, MessageSystemAttributeName.SENT_TIMESTAMP)
                .messageAttributeNames("All")
                .build();
        blocking.execute(() -> poll(request));
    }

    private void poll(ReceiveMessageRequest request) {
        List<Message> messages = List.of();
        @Nullable BrokerException failed = null;
        try {
            messages = client.receiveMessage(request).messages();
        } catch (RuntimeException wrong) {
            failed = Faults.of(wrong);
        }
        // A lock starts when the message is handed out, at the latest now; SQS does not say when within the poll it
        // was. A long poll
        // answers as soon as it has something, so that only the way back lies between.
        long lockedUntil = time.nanos() + lockNanos - TRANSIT_NANOS;
        List<Inbound> late = new ArrayList<>();
        lock.lock();
        try {
            polling = false;
            failure = failed;
            for (Message message : messages) {
                (paused || closed ? late : ready).add(new SqsInbound(message, lockedUntil, time));
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (!late.isEmpty()) {
            LOG.debug("{} messages came after the pause; they go back", late.size());
            settlements.giveBack(late);
        }
    }

    /** What the way back of an answer may take, taken off the lock to be on the safe side. */
    private static final long TRANSIT_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    @Override
    public void settle(List<? extends Held> batch) {
        settlements.settle(batch);
    }

    @Override
    public void extend(List<? extends Held> held) {
        settlements.extend(held);
    }

    /** SQS holds nothing for a client that does not ask, so the bound is what core asks for. */
    @Override
    public void prefetch(int limit) {}

    @Override
    public void pause() {
        List<Inbound> fetched;
        lock.lock();
        try {
            paused = true;
            fetched = take(ready.size());
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        settlements.giveBack(fetched);
    }

    @Override
    public void stop() {
        pause();
    }

    @Override
    public void resume() {
        lock.lock();
        try {
            paused = false;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        pause();
        lock.lock();
        try {
            closed = true;
        } finally {
            lock.unlock();
        }
        settlements.awaitDone();
    }
}
