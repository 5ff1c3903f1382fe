package dev.waybill.sqs;

import dev.waybill.spi.BrokerException;
import dev.waybill.spi.BrokerException.Kind;
import dev.waybill.spi.Held;
import dev.waybill.spi.Held.Disposition;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.TimeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.BatchResultErrorEntry;
import software.amazon.awssdk.services.sqs.model.ChangeMessageVisibilityBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.DeleteMessageBatchRequestEntry;

/** Deletes, returns and extends in batches of ten, each on a thread of its own, and reports entry by entry. */
final class Settlements {
    private static final Logger LOG = LoggerFactory.getLogger(Settlements.class);
    private static final int MAX_BATCH = 10;
    private static final long LAST_WAIT_SECONDS = 5;

    private final SqsClient client;
    private final String queueUrl;
    private final Duration lock;
    private final Executor blocking;
    private final TimeSource time;
    private final Phaser underWay = new Phaser(1);

    Settlements(SqsClient client, String queueUrl, Duration lock, Executor blocking, TimeSource time) {
        this.client = client;
        this.queueUrl = queueUrl;
        this.lock = lock;
        this.blocking = blocking;
        this.time = time;
    }

    void settle(List<? extends Held> batch) {
        List<Held> accepted = new ArrayList<>(batch.size());
        List<Held> returned = new ArrayList<>();
        for (Held held : batch) {
            (held.disposition() == Disposition.ACCEPT ? accepted : returned).add(held);
        }
        inTens(accepted, this::delete, Held::settled);
        inTens(returned, ten -> changeVisibility(handles(ten), 0), Held::settled);
    }

    void extend(List<? extends Held> batch) {
        inTens(
                List.copyOf(batch),
                ten -> {
                    long until = time.nanos() + lock.toNanos();
                    List<BatchResultErrorEntry> failed =
                            changeVisibility(handles(ten), Math.toIntExact(lock.toSeconds()));
                    for (int i = 0; i < ten.size(); i++) {
                        String id = Integer.toString(i);
                        if (failed.stream().noneMatch(entry -> entry.id().equals(id))) {
                            ((SqsInbound) ten.get(i).inbound()).lockedUntil(until);
                        }
                    }
                    return failed;
                },
                Held::extended);
    }

    /** Gives back what nobody was told of. Each return counts as a delivery: SQS has no other. */
    void giveBack(List<Inbound> messages) {
        for (int from = 0; from < messages.size(); from += MAX_BATCH) {
            List<String> handles = messages.subList(from, Math.min(from + MAX_BATCH, messages.size())).stream()
                    .map(message -> ((SqsInbound) message).receiptHandle)
                    .toList();
            start(() -> {
                try {
                    List<BatchResultErrorEntry> unused = changeVisibility(handles, 0);
                } catch (RuntimeException failed) {
                    LOG.debug(
                            "messages were not given back; they come back when their lock ends: {}",
                            Faults.describe(failed));
                }
            });
        }
    }

    /** One request, with what it answers as failed. */
    private interface Call {
        List<BatchResultErrorEntry> on(List<Held> ten);
    }

    private interface Report {
        void on(Held held);
    }

    private void inTens(List<Held> all, Call call, Report done) {
        for (int from = 0; from < all.size(); from += MAX_BATCH) {
            List<Held> ten = List.copyOf(all.subList(from, Math.min(from + MAX_BATCH, all.size())));
            start(() -> carryOut(ten, call, done));
        }
    }

    private void start(Runnable task) {
        underWay.register();
        blocking.execute(() -> {
            try {
                task.run();
            } finally {
                underWay.arriveAndDeregister();
            }
        });
    }

    private static void carryOut(List<Held> ten, Call call, Report done) {
        List<BatchResultErrorEntry> failed;
        try {
            failed = call.on(ten);
        } catch (RuntimeException wrong) {
            BrokerException cause = Faults.of(wrong);
            ten.forEach(held -> {
                if (cause.kind() == Kind.MISSING) {
                    held.lost("its queue is gone");
                } else {
                    held.failed(cause);
                }
            });
            return;
        }
        Held[] left = ten.toArray(new Held[0]);
        for (BatchResultErrorEntry entry : failed) {
            int index = Integer.parseInt(entry.id());
            report(ten.get(index), entry);
            left[index] = null;
        }
        for (Held held : left) {
            if (held != null) {
                done.on(held);
            }
        }
    }

    /** A sender's fault can only be the handle: it has expired, or the message is deleted or not in flight. */
    private static void report(Held held, BatchResultErrorEntry entry) {
        String what = entry.code() + ": " + entry.message();
        if (Boolean.TRUE.equals(entry.senderFault())
                && !String.valueOf(entry.code()).contains("Throttl")) {
            held.lost(what);
        } else {
            held.failed(new BrokerException(Kind.UNAVAILABLE, what, null));
        }
    }

    private static List<String> handles(List<Held> ten) {
        return ten.stream()
                .map(held -> ((SqsInbound) held.inbound()).receiptHandle)
                .toList();
    }

    private List<BatchResultErrorEntry> delete(List<Held> ten) {
        List<DeleteMessageBatchRequestEntry> entries = new ArrayList<>(ten.size());
        for (String handle : handles(ten)) {
            entries.add(DeleteMessageBatchRequestEntry.builder()
                    .id(Integer.toString(entries.size()))
                    .receiptHandle(handle)
                    .build());
        }
        return client.deleteMessageBatch(r -> r.queueUrl(queueUrl).entries(entries))
                .failed();
    }

    private List<BatchResultErrorEntry> changeVisibility(List<String> handles, int seconds) {
        List<ChangeMessageVisibilityBatchRequestEntry> entries = new ArrayList<>(handles.size());
        for (String handle : handles) {
            entries.add(ChangeMessageVisibilityBatchRequestEntry.builder()
                    .id(Integer.toString(entries.size()))
                    .receiptHandle(handle)
                    .visibilityTimeout(seconds)
                    .build());
        }
        return client.changeMessageVisibilityBatch(r -> r.queueUrl(queueUrl).entries(entries))
                .failed();
    }

    /** Waits, within bounds, for what was handed over before. */
    void awaitDone() {
        int phase = underWay.arrive();
        try {
            underWay.awaitAdvanceInterruptibly(phase, LAST_WAIT_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException slow) {
            LOG.warn("settlements are still under way after {} s", LAST_WAIT_SECONDS);
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }
}
