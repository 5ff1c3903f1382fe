package dev.waybill.sqs;

import dev.waybill.spi.BrokerException;
import dev.waybill.spi.BrokerException.Kind;
import dev.waybill.spi.Held;
import dev.waybill.spi.Held.Disposition;
import dev.waybill.spi.TimeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.services.sqs.model.BatchResultErrorEntry;

/** Deletes, returns and extends in batches of ten, each on a thread of its own, and reports entry by entry. */
final class Settlements {
    private static final Logger LOG = LoggerFactory.getLogger(Settlements.class);
    private static final int MAX_BATCH = 10;

    /** From the receipt on, whatever extends it. */
    private static final Duration LONGEST_LOCK = Duration.ofHours(12);

    private final Handles handles;
    private final long lockNanos;
    private final Executor blocking;
    private final TimeSource time;
    private final UnderWay underWay = new UnderWay();

    Settlements(Handles handles, Duration lock, Executor blocking, TimeSource time) {
        this.handles = handles;
        lockNanos = lock.toNanos();
        this.blocking = blocking;
        this.time = time;
    }

    void settle(List<? extends Held> batch) {
        List<Held> accepted = new ArrayList<>(batch.size());
        List<Held> returned = new ArrayList<>();
        for (Held held : batch) {
            if (held.disposition() == Disposition.ACCEPT) {
                // Also after the lock's end: unless another has received it since, SQS still deletes it, and it is
                // done.
                accepted.add(held);
            } else if (held.inbound().lost()) {
                // It is back already. Another may hold it, whose lock this might end.
                held.lost("its lock has ended");
            } else {
                returned.add(held);
            }
        }
        inTens(accepted, ten -> report(ten, handles::delete, Held::settled));
        inTens(returned, ten -> report(ten, all -> handles.changeVisibility(all, 0), Held::settled));
    }

    void extend(List<? extends Held> batch) {
        List<Held> extended = new ArrayList<>(batch.size());
        for (Held held : batch) {
            if (held.inbound().lost()) {
                held.lost("its lock has ended");
            } else {
                extended.add(held);
            }
        }
        inTens(extended, this::extendTen);
    }

    private void extendTen(List<Held> ten) {
        long now = time.nanos();
        int seconds = (int) Duration.ofNanos(lockNanos).toSeconds();
        List<Held> within = new ArrayList<>(ten.size());
        for (Held held : ten) {
            long received = inbound(held).receivedNanos();
            if (now - received + lockNanos > LONGEST_LOCK.toNanos()) {
                held.failed(new BrokerException(
                        Kind.REFUSED, "SQS locks a message for 12 hours at most, from its receipt on", null));
            } else {
                within.add(held);
            }
        }
        // From before the request on, so that the lock rather lasts longer than it says.
        long until = now + Duration.ofSeconds(seconds).toNanos();
        report(within, all -> handles.changeVisibility(all, seconds), held -> {
            inbound(held).lockedUntil(until);
            held.extended();
        });
    }

    /** Extends the locks of messages that nobody was told of, and waits for that; one that fails just ends. */
    void keep(List<SqsInbound> messages) {
        forTens(messages, ten -> {
            long until = time.nanos() + lockNanos;
            try {
                List<BatchResultErrorEntry> failed = handles.changeVisibility(
                        handles(ten), (int) Duration.ofNanos(lockNanos).toSeconds());
                boolean[] refused = new boolean[ten.size()];
                failed.forEach(entry -> refused[Integer.parseInt(entry.id())] = true);
                for (int i = 0; i < refused.length; i++) {
                    if (!refused[i]) {
                        ten.get(i).lockedUntil(until);
                    }
                }
            } catch (RuntimeException failed) {
                LOG.debug("locks were not extended; their messages come back: {}", Faults.describe(failed));
            }
        });
    }

    /** Gives back what nobody was told of. Each return counts as a delivery: SQS has no other. */
    void giveBack(List<SqsInbound> messages) {
        inTens(messages, ten -> {
            try {
                List<BatchResultErrorEntry> refused = handles.changeVisibility(handles(ten), 0);
                LOG.debug("{} messages were given back, {} refused", ten.size(), refused.size());
            } catch (RuntimeException failed) {
                LOG.debug("messages were not given back; they come when their lock ends: {}", Faults.describe(failed));
            }
        });
    }

    private <T> void inTens(List<T> all, Consumer<List<T>> action) {
        forTens(all, ten -> {
            underWay.start();
            Runnable task = () -> {
                try {
                    action.accept(ten);
                } finally {
                    underWay.end();
                }
            };
            try {
                blocking.execute(task);
            } catch (RejectedExecutionException shutDown) {
                // Nobody else can do it, and nothing that was handed over may be forgotten.
                task.run();
            }
        });
    }

    private static <T> void forTens(List<T> all, Consumer<List<T>> action) {
        for (int from = 0; from < all.size(); from += MAX_BATCH) {
            action.accept(List.copyOf(all.subList(from, Math.min(from + MAX_BATCH, all.size()))));
        }
    }

    /** One request for at most ten receipt handles, which answers with the refused ones; their ids are indexes. */
    private interface Request {
        List<BatchResultErrorEntry> send(List<String> handles);
    }

    private static void report(List<Held> ten, Request request, Consumer<Held> done) {
        if (ten.isEmpty()) {
            return;
        }
        List<BatchResultErrorEntry> refused;
        try {
            refused = request.send(
                    ten.stream().map(held -> inbound(held).receiptHandle()).toList());
        } catch (RuntimeException wrong) {
            BrokerException cause = Faults.of(wrong);
            for (Held held : ten) {
                if (cause.kind() == Kind.MISSING) {
                    held.lost("its queue is gone");
                } else {
                    held.failed(cause);
                }
            }
            return;
        }
        @Nullable Held[] left = ten.toArray(new Held[0]);
        for (BatchResultErrorEntry entry : refused) {
            int index = Integer.parseInt(entry.id());
            report(ten.get(index), entry);
            left[index] = null;
        }
        for (Held held : left) {
            if (held != null) {
                done.accept(held);
            }
        }
    }

    /** A refused entry, where SQS can and may answer, is a handle that is good no more: expired, deleted or not in flight. */
    private static void report(Held held, BatchResultErrorEntry entry) {
        String what = entry.code() + ": " + entry.message();
        int status = Boolean.TRUE.equals(entry.senderFault()) ? 400 : 500;
        Kind kind = Faults.kind(String.valueOf(entry.code()), status, false);
        if (kind == Kind.REFUSED) {
            held.lost(what);
        } else {
            held.failed(new BrokerException(kind, what, null));
        }
    }

    private static SqsInbound inbound(Held held) {
        return (SqsInbound) held.inbound();
    }

    private static List<String> handles(List<SqsInbound> messages) {
        return messages.stream().map(SqsInbound::receiptHandle).toList();
    }

    /** Waits for what was handed over before; false if it is not done within that time. */
    boolean awaitDone(Duration longest) {
        return underWay.awaitNone(longest);
    }
}
